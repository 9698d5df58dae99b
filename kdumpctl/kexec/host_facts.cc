// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/host_facts.h"

#include "base/byte_reader.h"
#include "base/elf_file.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/packed_int.h"
#include "base/text.h"
#include "kdumpctl/kexec/kernel_attributes.h"
#include "kdumpctl/kexec/kernel_mapping.h"

#include <algorithm>
#include <cerrno>
#include <elf.h>
#include <fcntl.h>
#include <string>
#include <string_view>

namespace kdump::kexec {
namespace {

constexpr std::string_view kCpuFolder = "/sys/devices/system/cpu";
constexpr std::string_view kEfiFolder = "/sys/firmware/efi";
constexpr const char* kDeviceTree = "/sys/firmware/fdt";
constexpr std::size_t kBootParamsSize = 4096;

enum class Base { kDecimal, kHex };

Result<std::uint64_t> read_number(const SysRoot& root, const std::string& path, Base base) {
  const std::string text = TRY(root.read_value(path));
  const auto number = base == Base::kHex ? parse_hex(text) : parse_unsigned(text);
  if (!number) {
    return make_error(
        ErrorKind::kBadData, "{}: \"{}\" is not a number", path, escape_control(text));
  }
  return *number;
}

// "cpu17" -> 17.
std::optional<std::uint64_t> cpu_number(std::string_view name) {
  if (!name.starts_with("cpu")) return std::nullopt;
  return parse_unsigned(name.substr(3));
}

Result<std::vector<NoteArea>> read_cpu_notes(const SysRoot& root) {
  std::vector<std::pair<std::uint64_t, NoteArea>> numbered;
  const std::vector<std::string> names = TRY(root.list(kCpuFolder));
  for (const std::string& name : names) {
    const auto number = cpu_number(name);
    if (!number) continue;
    const std::string base = fmt::format("{}/{}/crash_notes", kCpuFolder, name);
    if (!root.exists(base)) continue;
    const std::uint64_t address = TRY(read_number(root, base, Base::kHex));
    const std::uint64_t size = TRY(read_number(root, base + "_size", Base::kDecimal));
    numbered.emplace_back(*number, NoteArea{PhysAddr(address), size});
  }
  if (numbered.empty()) {
    return make_error(ErrorKind::kUnsupported,
                      "no CPU under {} has crash_notes: this kernel is built without kexec",
                      kCpuFolder);
  }
  std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::vector<NoteArea> notes;
  notes.reserve(numbered.size());
  for (const auto& [number, note] : numbered) notes.push_back(note);
  return notes;
}

// "0x1234000 1024", both hexadecimal.
Result<NoteArea> read_vmcoreinfo(const SysRoot& root) {
  constexpr std::string_view kPath = "/sys/kernel/vmcoreinfo";
  const std::string text = TRY(root.read_value(kPath));
  const auto words = split_words(text);
  const auto address = words.size() == 2 ? parse_hex(words[0]) : std::nullopt;
  const auto size = words.size() == 2 ? parse_hex(words[1]) : std::nullopt;
  if (!address || !size) {
    return make_error(ErrorKind::kBadData,
                      "{}: \"{}\" is not an address and a size",
                      kPath,
                      escape_control(text));
  }
  return NoteArea{PhysAddr(*address), *size};
}

Status read_kcore(const SysRoot& root, HostFacts& facts) {
  constexpr std::string_view kPath = "/proc/kcore";
  auto kcore = ElfFile::open(root.path(kPath));
  if (!kcore && kcore.error().code == EPERM) {
    facts.no_mapping =
        "/proc/kcore, which shows how the kernel is mapped, is closed under "
        "lockdown=confidentiality";
    return {};
  }
  if (!kcore) return std::move(kcore).error().with_context("cannot learn how the kernel is mapped");
  const unsigned expected = facts.machine == Machine::kArm64 ? EM_AARCH64 : EM_X86_64;
  if (kcore->machine() != expected) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: machine {} is neither x86_64 nor arm64: loading is not supported on it",
                      kPath,
                      kcore->machine());
  }
  const KernelMappings mappings = TRY(mappings_of_kcore(kcore->segments(), facts.machine));
  facts.kernel = mappings.kernel;
  facts.direct_map = mappings.direct_map;
  facts.five_level_paging = mappings.five_level_paging;
  return {};
}

Status read_meminfo(const SysRoot& root, HostFacts& facts) {
  const std::string text = TRY(root.read("/proc/meminfo"));
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (words.size() >= 2 && words[0] == "MemTotal:") {
      facts.total_ram = parse_unsigned(words[1]).value_or(0) * 1024;
    }
    // Printed when the kernel maps RAM with 1 GiB pages (arch/x86/mm/pat/set_memory.c).
    if (line.starts_with("DirectMap1G:")) facts.gigabyte_pages = true;
  }
  if (facts.total_ram == 0) {
    return make_error(ErrorKind::kBadData, "/proc/meminfo has no MemTotal");
  }
  return {};
}

// Whether any page of RAM below 640 KiB is in use. Free pages do not count: a newer kernel that was
// booted with memmap= gives away one or two, and takes them last of all. /proc/kpageflags: a word a
// page frame (Documentation/admin-guide/mm/pagemap.rst; include/linux/kernel-page-flags.h).
Result<bool> low_memory_in_use(const SysRoot& root, const MemoryMap& memory) {
  constexpr std::string_view kPath = "/proc/kpageflags";
  constexpr std::uint64_t kBuddy = std::uint64_t{1} << 10U;
  constexpr std::uint64_t kNoPage = std::uint64_t{1} << 20U;
  constexpr std::uint64_t kReserved = std::uint64_t{1} << 32U;
  constexpr std::uint64_t kPage = 4096;
  auto file = Fd::open(root.path(kPath), O_RDONLY);
  // A kernel without CONFIG_PROC_PAGE_MONITOR does not say; those that need a backup are rare.
  if (!file && file.error().kind == ErrorKind::kNotFound) return false;
  if (!file) return file.error();
  std::vector<std::byte> words(kLowMemory.end / kPage * sizeof(Le64));
  TRY(read_exact_at(file->raw(), words, 0));
  const ByteReader reader(words);
  const RangeSet ram = memory.of_type(MemoryType::kSystemRam);
  for (const Range& range : ram.ranges()) {
    const std::uint64_t end = std::min(range.end, kLowMemory.end) / kPage;
    for (std::uint64_t pfn = align_up(range.start, kPage) / kPage; pfn < end; ++pfn) {
      if ((*reader.read<Le64>(pfn * sizeof(Le64)) & (kBuddy | kNoPage | kReserved)) == 0)
        return true;
    }
  }
  return false;
}

// "100000000-10c7fffff" a line, hexadecimal, the end inclusive.
Result<std::vector<Range>> read_cma_ranges(const SysRoot& root) {
  const auto text = read_kexec_attribute(root, KexecAttribute::kCrashCmaRanges);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::vector<Range>{};
  if (!text) return text.error();
  std::vector<Range> ranges;
  for (const std::string_view line : split_lines(*text)) {
    if (trim(line).empty()) continue;
    const auto ends = split(trim(line), '-');
    const auto start = ends.size() == 2 ? parse_hex(ends[0]) : std::nullopt;
    const auto last = ends.size() == 2 ? parse_hex(ends[1]) : std::nullopt;
    if (!start || !last || *last < *start || *last == UINT64_MAX) {
      return make_error(ErrorKind::kBadData,
                        "the kernel's list of crash CMA ranges has a strange line \"{}\"",
                        escape_control(line));
    }
    ranges.push_back({*start, *last + 1});
  }
  return ranges;
}

// /sys/firmware/efi/systab: "NAME=0xADDRESS" lines.
Status read_systab(const SysRoot& root, EfiFacts& efi) {
  const std::string path = fmt::format("{}/systab", kEfiFolder);
  if (!root.exists(path)) return {};
  const std::string text = TRY(root.read(path));
  std::uint64_t acpi1 = 0;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::uint64_t value =
        parse_hex(line.substr(std::min(equals + 1, line.size()))).value_or(0);
    const std::string_view name = line.substr(0, equals);
    if (name == "ACPI20") efi.rsdp = value;
    if (name == "ACPI") acpi1 = value;
    if (name == "SMBIOS") efi.smbios = value;
  }
  if (efi.rsdp == 0) efi.rsdp = acpi1;
  return {};
}

Result<std::vector<EfiRuntimeRange>> read_runtime_map(const SysRoot& root) {
  const std::string folder = fmt::format("{}/runtime-map", kEfiFolder);
  if (!root.is_directory(folder)) return std::vector<EfiRuntimeRange>{};
  std::vector<std::pair<std::uint64_t, EfiRuntimeRange>> numbered;
  const std::vector<std::string> names = TRY(root.list(folder));
  for (const std::string& name : names) {
    const auto number = parse_unsigned(name);
    if (!number) continue;
    const auto field = [&](std::string_view what) {
      return read_number(root, fmt::format("{}/{}/{}", folder, name, what), Base::kHex);
    };
    EfiRuntimeRange range;
    range.type = static_cast<std::uint32_t>(TRY(field("type")));
    range.phys_addr = TRY(field("phys_addr"));
    range.virt_addr = TRY(field("virt_addr"));
    range.num_pages = TRY(field("num_pages"));
    range.attribute = TRY(field("attribute"));
    numbered.emplace_back(*number, range);
  }
  std::sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::vector<EfiRuntimeRange> map;
  map.reserve(numbered.size());
  for (const auto& [number, range] : numbered) map.push_back(range);
  return map;
}

Result<std::optional<EfiFacts>> read_efi(const SysRoot& root) {
  if (!root.is_directory(kEfiFolder)) return std::optional<EfiFacts>{};
  EfiFacts efi;
  TRY(read_systab(root, efi));
  // x86 kernels show these two; without them the runtime services are not handed on.
  const std::string vendor = fmt::format("{}/fw_vendor", kEfiFolder);
  const std::string tables = fmt::format("{}/config_table", kEfiFolder);
  if (root.exists(vendor)) efi.fw_vendor = TRY(read_number(root, vendor, Base::kHex));
  if (root.exists(tables)) efi.config_table = TRY(read_number(root, tables, Base::kHex));
  efi.runtime_map = TRY(read_runtime_map(root));
  return std::optional(std::move(efi));
}

Result<std::vector<std::byte>> read_boot_params(const SysRoot& root) {
  constexpr std::string_view kPath = "/sys/kernel/boot_params/data";
  if (!root.exists(kPath)) return std::vector<std::byte>{};
  const std::string text = TRY(root.read(kPath));
  if (text.size() != kBootParamsSize) {
    return make_error(
        ErrorKind::kBadData, "{}: {} bytes instead of {}", kPath, text.size(), kBootParamsSize);
  }
  const auto bytes = as_bytes(text);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

Result<std::optional<std::uint64_t>> read_elfcorehdr_size(const SysRoot& root) {
  const auto text = read_kexec_attribute(root, KexecAttribute::kElfcorehdrSize);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<std::uint64_t>{};
  if (!text) return text.error();
  const auto size = parse_unsigned(*text);
  if (!size) {
    return make_error(ErrorKind::kBadData,
                      "crash_elfcorehdr_size: \"{}\" is not a number",
                      escape_control(*text));
  }
  return size;
}

// /sys/firmware/memmap/N/{start,end,type}: the memory map that the kernel was booted with.
Result<MemoryMap> read_firmware_map(const SysRoot& root) {
  constexpr std::string_view kFolder = "/sys/firmware/memmap";
  if (!root.is_directory(kFolder)) return MemoryMap{};
  std::string lines;
  const std::vector<std::string> names = TRY(root.list(kFolder));
  for (const std::string& name : names) {
    const std::string entry = fmt::format("{}/{}", kFolder, name);
    lines += fmt::format("{:x}-{:x} : {}\n",
                         TRY(read_number(root, entry + "/start", Base::kHex)),
                         TRY(read_number(root, entry + "/end", Base::kHex)),
                         TRY(root.read_value(entry + "/type")));
  }
  if (lines.empty()) return MemoryMap{};
  auto map = MemoryMap::parse(lines);
  if (!map) return std::move(map).error().with_context(std::string(kFolder));
  return map;
}

// X86_FEATURE_LA57 is cleared unless the kernel runs with 5-level paging
// (arch/x86/kernel/cpu/common.c, early_identify_cpu).
bool runs_five_level_paging(std::string_view cpuinfo) {
  for (const std::string_view line : split_lines(cpuinfo)) {
    if (!line.starts_with("flags")) continue;
    const auto words = split_words(line);
    return std::find(words.begin(), words.end(), "la57") != words.end();
  }
  return false;
}

Result<std::vector<std::byte>> read_device_tree(const SysRoot& root) {
  const std::string text = TRY(root.read(kDeviceTree));
  const auto bytes = as_bytes(text);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

// What both kinds of load need.
Status read_machine_facts(const SysRoot& root, HostFacts& facts) {
  const std::string iomem = TRY(root.read("/proc/iomem"));
  facts.memory = TRY(MemoryMap::parse(iomem));
  TRY(read_meminfo(root, facts));
  facts.boot_params = TRY(read_boot_params(root));
  // x86 kernels have boot_params; those of arm64 always have the firmware's tree.
  if (facts.boot_params.empty() && root.exists(kDeviceTree)) {
    facts.machine = Machine::kArm64;
    facts.device_tree = TRY(read_device_tree(root));
  }
  facts.efi = TRY(read_efi(root));
  return {};
}

}  // namespace

Result<HostFacts> read_host_facts(const SysRoot& root) {
  HostFacts facts;
  TRY(read_machine_facts(root, facts));
  facts.crash_cma = TRY(read_cma_ranges(root));
  facts.cpu_notes = TRY(read_cpu_notes(root));
  facts.vmcoreinfo = TRY(read_vmcoreinfo(root));
  TRY(read_kcore(root, facts));
  facts.elfcorehdr_size = TRY(read_elfcorehdr_size(root));
  if (facts.machine == Machine::kX86) {
    facts.low_memory_in_use = TRY(low_memory_in_use(root, facts.memory));
  }
  return facts;
}

Result<HostFacts> read_reboot_facts(const SysRoot& root) {
  HostFacts facts;
  TRY(read_machine_facts(root, facts));
  facts.firmware_map = TRY(read_firmware_map(root));
  facts.five_level_paging = runs_five_level_paging(TRY(root.read("/proc/cpuinfo")));
  return facts;
}

}  // namespace kdump::kexec
