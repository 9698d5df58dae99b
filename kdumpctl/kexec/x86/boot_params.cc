// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/boot_params.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace kdump::kexec::x86 {
namespace {

constexpr std::size_t kZeroPageSize = 4096;
constexpr std::size_t kMaxE820 = 128;
constexpr std::size_t kNodeAlignment = 16;

// Offsets in boot_params (arch/x86/include/uapi/asm/bootparam.h); from 0x1f1 on they are those of
// the kernel image.
constexpr std::size_t kExtMemK = 0x002;
constexpr std::size_t kClMagicAndOffset = 0x020;
constexpr std::size_t kScreenInfoEnd = 0x040;
constexpr std::size_t kAcpiRsdpAddr = 0x070;
constexpr std::size_t kExtRamdiskImage = 0x0c0;
constexpr std::size_t kExtRamdiskSize = 0x0c4;
constexpr std::size_t kExtCommandLine = 0x0c8;
constexpr std::size_t kEfiInfo = 0x1c0;
constexpr std::size_t kE820Count = 0x1e8;
constexpr std::size_t kSecureBoot = 0x1ec;
constexpr std::size_t kSetupHeader = 0x1f1;
constexpr std::size_t kTypeOfLoader = 0x210;
constexpr std::size_t kRamdiskImage = 0x218;
constexpr std::size_t kRamdiskSize = 0x21c;
constexpr std::size_t kCommandLine = 0x228;
constexpr std::size_t kHardwareSubarch = 0x23c;
constexpr std::size_t kSetupData = 0x250;
constexpr std::size_t kE820Table = 0x2d0;

constexpr std::uint8_t kLoaderKexec = 0xd0;  // boot.rst: D = kexec-tools, the only kexec id

// setup_data types
constexpr std::uint32_t kSetupE820Ext = 1;
constexpr std::uint32_t kSetupEfi = 4;
constexpr std::uint32_t kSetupRngSeed = 9;

constexpr std::uint32_t kEfi64Signature = 0x34364c45;  // "EL64"

struct EfiInfo {
  Le32 signature, systab, memdesc_size, memdesc_version, memmap, memmap_size, systab_hi, memmap_hi;
};
static_assert(sizeof(EfiInfo) == 32);

struct EfiSetupData {
  Le64 fw_vendor, unused, tables, smbios;
  Le64 reserved[8];
};
static_assert(sizeof(EfiSetupData) == 96);

struct EfiMemoryDescriptor {
  Le32 type, padding;
  Le64 phys_addr, virt_addr, num_pages, attribute;
};
static_assert(sizeof(EfiMemoryDescriptor) == 40);

struct RawE820 {
  Le64 address, size;
  Le32 type;
};
static_assert(sizeof(RawE820) == 20);

struct SetupNode {
  Le64 next;
  Le32 type, length;
};
static_assert(sizeof(SetupNode) == 16);

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

Le32 low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
Le32 high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32U); }

RawE820 raw(const E820Entry& entry) {
  RawE820 out;
  out.address = entry.range.start;
  out.size = entry.range.size();
  out.type = static_cast<std::uint32_t>(entry.type);
  return out;
}

// RAM first: the zero page holds 128 entries, and early code (physical KASLR) looks at no others.
std::vector<RawE820> raw_table(const std::vector<E820Entry>& entries) {
  std::vector<E820Entry> sorted = entries;
  std::stable_partition(sorted.begin(), sorted.end(), [](const E820Entry& entry) {
    return entry.type == E820Type::kRam;
  });
  std::vector<RawE820> table;
  table.reserve(sorted.size());
  for (const E820Entry& entry : sorted) table.push_back(raw(entry));
  return table;
}

EfiInfo running_efi_info(const HostFacts& host) {
  return ByteReader(host.boot_params).read<EfiInfo>(kEfiInfo).value_or(EfiInfo{});
}

// The zero page and what grows behind it.
class Builder {
 public:
  explicit Builder(PhysAddr address) : address_(address), out_(kZeroPageSize) {}

  template <typename T>
  void set(std::size_t offset, const T& value) {
    std::memcpy(out_.data() + offset, &value, sizeof(T));
  }
  void copy(std::size_t offset, std::span<const std::byte> bytes) {
    std::memcpy(out_.data() + offset, bytes.data(), bytes.size());
  }

  // Where the appended bytes will lie.
  PhysAddr append(std::span<const std::byte> bytes) {
    const PhysAddr at = end();
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return at;
  }
  // Also returns where the node's data lies. The newest node becomes the head of the list.
  PhysAddr append_node(std::uint32_t type, std::span<const std::byte> data) {
    out_.resize(align_up(out_.size(), kNodeAlignment));
    SetupNode node;
    node.next = head_;
    node.type = type;
    node.length = static_cast<std::uint32_t>(data.size());
    head_ = append(bytes_of(node)).value();
    const PhysAddr at = append(data);
    set(kSetupData, Le64(head_));
    return at;
  }
  void align() { out_.resize(align_up(out_.size(), kNodeAlignment)); }
  [[nodiscard]] std::vector<std::byte> take() && { return std::move(out_); }

 private:
  [[nodiscard]] PhysAddr end() const { return address_ + out_.size(); }

  PhysAddr address_;
  std::uint64_t head_ = 0;
  std::vector<std::byte> out_;
};

// What only the running kernel knows: the screen for early messages, the platform, ACPI's root.
void inherit(Builder& builder, const HostFacts& host) {
  const ByteReader running(host.boot_params);
  if (const auto screen = running.slice(0, kScreenInfoEnd)) {
    builder.copy(0, *screen);
    builder.set(kExtMemK, Le16(0));
    // Would be taken for a command line by the oldest boot protocol.
    builder.set(kClMagicAndOffset, Le32(0));
  }
  if (const auto subarch = running.read<Le32>(kHardwareSubarch)) {
    builder.set(kHardwareSubarch, *subarch);
  }
  builder.set(kAcpiRsdpAddr, Le64(acpi_root_pointer(host)));
}

void append_command_line(Builder& builder, const std::string& command_line) {
  const std::uint64_t at =
      builder.append(std::as_bytes(std::span(command_line.c_str(), command_line.size() + 1)))
          .value();
  builder.set(kCommandLine, low(at));
  builder.set(kExtCommandLine, high(at));
}

// As arch/x86/kernel/kexec-bzimage64.c (setup_efi_state) does it.
void append_efi(Builder& builder, const HostFacts& host) {
  std::vector<EfiMemoryDescriptor> map;
  for (const EfiRuntimeRange& range : host.efi->runtime_map) {
    EfiMemoryDescriptor& descriptor = map.emplace_back();
    descriptor.type = range.type;
    descriptor.phys_addr = range.phys_addr;
    descriptor.virt_addr = range.virt_addr;
    descriptor.num_pages = range.num_pages;
    descriptor.attribute = range.attribute;
  }
  builder.align();
  const std::uint64_t map_at = builder.append(std::as_bytes(std::span(map))).value();

  EfiInfo info = running_efi_info(host);
  info.memdesc_size = sizeof(EfiMemoryDescriptor);
  info.memdesc_version = 1;
  info.memmap = low(map_at);
  info.memmap_hi = high(map_at);
  info.memmap_size = static_cast<std::uint32_t>(map.size() * sizeof(EfiMemoryDescriptor));
  builder.set(kEfiInfo, info);
  const auto secure_boot = ByteReader(host.boot_params).read<std::uint8_t>(kSecureBoot);
  builder.set(kSecureBoot, secure_boot.value_or(0));

  EfiSetupData data;
  data.fw_vendor = host.efi->fw_vendor;
  data.tables = host.efi->config_table;
  data.smbios = host.efi->smbios;
  builder.append_node(kSetupEfi, bytes_of(data));
}

void append_e820(Builder& builder, const std::vector<E820Entry>& entries) {
  const std::vector<RawE820> table = raw_table(entries);
  const std::size_t count = std::min(table.size(), kMaxE820);
  builder.set(kE820Count, static_cast<std::uint8_t>(count));
  builder.copy(kE820Table, std::as_bytes(std::span(table)).first(count * sizeof(RawE820)));
  if (table.size() > count) {
    builder.append_node(kSetupE820Ext, std::as_bytes(std::span(table).subspan(count)));
  }
}

}  // namespace

bool can_pass_efi(const KernelImage& kernel, const HostFacts& host) {
  return kernel.setup().efi_kexec && host.efi && !host.efi->runtime_map.empty() &&
         host.efi->fw_vendor != 0 && host.efi->config_table != 0 &&
         running_efi_info(host).signature == kEfi64Signature;
}

std::uint64_t acpi_root_pointer(const HostFacts& host) {
  const std::uint64_t running = ByteReader(host.boot_params).read<Le64>(kAcpiRsdpAddr).value_or(0);
  if (running != 0) return running;
  return host.efi ? host.efi->rsdp : 0;
}

std::vector<std::byte> build_boot_params(const BootParamsRequest& request, PhysAddr address) {
  Builder builder(address);
  const std::span<const std::byte> image(request.kernel.bytes);
  builder.copy(kSetupHeader,
               image.subspan(kSetupHeader, request.kernel.setup().header_end - kSetupHeader));
  inherit(builder, request.host);

  builder.set(kTypeOfLoader, kLoaderKexec);
  builder.set(kRamdiskImage, low(request.initrd.start));
  builder.set(kExtRamdiskImage, high(request.initrd.start));
  builder.set(kRamdiskSize, low(request.initrd.size()));
  builder.set(kExtRamdiskSize, high(request.initrd.size()));
  builder.set(kSetupData, Le64(0));
  append_command_line(builder, request.command_line);
  if (request.efi_runtime && can_pass_efi(request.kernel, request.host)) {
    append_efi(builder, request.host);
  }
  append_e820(builder, request.e820);
  if (!request.rng_seed.empty()) builder.append_node(kSetupRngSeed, request.rng_seed);
  return std::move(builder).take();
}

}  // namespace kdump::kexec::x86
