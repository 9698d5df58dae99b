// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/kexec_probe/record_host.h"

#include "base/byte_reader.h"
#include "base/io.h"
#include "base/packed_int.h"
#include "base/text.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace kdump::test {
namespace {

constexpr std::uint64_t kElfHeaderSize = 64;

Status save(const std::string& to, std::string_view path, std::string_view content) {
  const std::string target = to + std::string(path);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(target).parent_path(), error);
  if (error) return system_error(error.value(), "cannot make the folder of {}", target);
  const Fd fd = TRY(Fd::open(target, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return write_all(fd.raw(), content);
}

Status copy_if_there(const SysRoot& host, const std::string& to, const std::string& path) {
  if (!host.exists(path)) return {};
  const std::string content = TRY(host.read(path));
  return save(to, path, content);
}

// ELF header and program headers.
Status copy_kcore(const SysRoot& host, const std::string& to) {
  const Fd kcore = TRY(Fd::open(host.path("/proc/kcore"), O_RDONLY));
  std::vector<std::byte> head(kElfHeaderSize);
  TRY(read_exact_at(kcore.raw(), head, 0));
  const ByteReader reader(head);
  const std::uint64_t offset = *reader.read<Le64>(0x20);
  const std::uint64_t count = *reader.read<Le16>(0x38);
  const std::uint64_t entry_size = *reader.read<Le16>(0x36);
  head.resize(offset + count * entry_size);
  TRY(read_exact_at(kcore.raw(), head, 0));
  return save(to, "/proc/kcore", {reinterpret_cast<const char*>(head.data()), head.size()});
}

// Of the first 640 KiB: the rest is of no interest and is long.
Status copy_page_flags(const SysRoot& host, const std::string& to) {
  const std::string path = "/proc/kpageflags";
  if (!host.exists(path)) return {};
  const Fd file = TRY(Fd::open(host.path(path), O_RDONLY));
  std::vector<std::byte> words(0xa0 * sizeof(Le64));
  TRY(read_exact_at(file.raw(), words, 0));
  return save(to, path, {reinterpret_cast<const char*>(words.data()), words.size()});
}

// The two lines that are read; the rest changes with the hour.
Status copy_meminfo(const SysRoot& host, const std::string& to) {
  const std::string all = TRY(host.read("/proc/meminfo"));
  std::string kept;
  for (const std::string_view line : split_lines(all)) {
    if (!line.starts_with("MemTotal:") && !line.starts_with("DirectMap1G:")) continue;
    kept += std::string(line) + "\n";
  }
  return save(to, "/proc/meminfo", kept);
}

Status copy_cpus(const SysRoot& host, const std::string& to) {
  const std::string folder = "/sys/devices/system/cpu";
  const std::vector<std::string> names = TRY(host.list(folder));
  for (const std::string& name : names) {
    TRY(copy_if_there(host, to, fmt::format("{}/{}/crash_notes", folder, name)));
    TRY(copy_if_there(host, to, fmt::format("{}/{}/crash_notes_size", folder, name)));
  }
  return {};
}

Status copy_efi(const SysRoot& host, const std::string& to) {
  const std::string folder = "/sys/firmware/efi";
  if (!host.is_directory(folder)) return {};
  for (const char* name : {"/systab", "/fw_vendor", "/config_table"}) {
    TRY(copy_if_there(host, to, folder + name));
  }
  if (!host.is_directory(folder + "/runtime-map")) return {};
  const std::vector<std::string> names = TRY(host.list(folder + "/runtime-map"));
  for (const std::string& name : names) {
    for (const char* field : {"/type", "/phys_addr", "/virt_addr", "/num_pages", "/attribute"}) {
      TRY(copy_if_there(host, to, fmt::format("{}/runtime-map/{}{}", folder, name, field)));
    }
  }
  return {};
}

}  // namespace

Status record_host(const SysRoot& host, const std::string& to) {
  for (const char* path : {"/proc/iomem",
                           "/sys/kernel/vmcoreinfo",
                           "/sys/kernel/boot_params/data",
                           "/sys/firmware/fdt",
                           "/sys/kernel/crash_elfcorehdr_size",
                           "/sys/kernel/kexec_crash_cma_ranges",
                           "/sys/kernel/kexec/crash_elfcorehdr_size",
                           "/sys/kernel/kexec/crash_cma_ranges"}) {
    TRY(copy_if_there(host, to, path));
  }
  TRY(copy_kcore(host, to));
  TRY(copy_meminfo(host, to));
  TRY(copy_page_flags(host, to));
  TRY(copy_cpus(host, to));
  return copy_efi(host, to);
}

}  // namespace kdump::test
