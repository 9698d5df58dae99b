// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/kexec_host.h"

#include "base/packed_int.h"

#include <gtest/gtest.h>

#include <cstring>

namespace kdump::test {
namespace {

constexpr std::string_view kBiosIomem =
    "00000000-00000fff : Reserved\n"
    "00001000-0009fbff : System RAM\n"
    "0009fc00-0009ffff : Reserved\n"
    "000f0000-000fffff : Reserved\n"
    "00100000-3ffdffff : System RAM\n"
    "  10200000-112001d0 : Kernel code\n"
    "  32000000-3dffffff : Crash kernel\n"
    "3ffe0000-3fffffff : Reserved\n"
    "fec00000-fec003ff : IOAPIC 0\n"
    "fffc0000-ffffffff : Reserved\n";

void set_boot_param(kexec::HostFacts& host, std::size_t offset, std::uint32_t value) {
  const Le32 packed = value;
  std::memcpy(host.boot_params.data() + offset, &packed, sizeof(packed));
}

}  // namespace

kexec::HostFacts bios_host() { return host_with(kBiosIomem); }

kexec::HostFacts host_with(std::string_view iomem) {
  kexec::HostFacts host;
  auto memory = kexec::MemoryMap::parse(iomem);
  EXPECT_TRUE(memory) << memory.error().message;
  host.memory = *std::move(memory);
  host.cpu_notes = {{PhysAddr(0x3fc11000), 464}, {PhysAddr(0x3fd11000), 464}};
  host.vmcoreinfo = {PhysAddr(0x11e8000), 0x1024};
  host.kernel = {
      .start = VirtAddr(0xffffffffad000000), .physical = PhysAddr(0x10200000), .size = 0x2830000};
  host.direct_map = 0xffff8f29c0000000;
  host.total_ram = std::uint64_t{770} << 20U;
  host.boot_params.resize(4096);
  return host;
}

kexec::HostFacts arm64_host() {
  kexec::HostFacts host = host_with(
      "09000000-09000fff : pl011@9000000\n"
      "40000000-7fffffff : System RAM\n"
      "  40210000-4176ffff : Kernel code\n"
      "  41770000-41aaffff : reserved\n"
      "  70000000-7fffffff : Crash kernel\n"
      "80000000-8000ffff : reserved\n"
      "80010000-13fffffff : System RAM\n"
      "  13a200000-13fffffff : reserved\n");
  host.machine = kexec::Machine::kArm64;
  host.cpu_notes.clear();
  for (std::uint64_t cpu = 0; cpu < 4; ++cpu) {
    host.cpu_notes.push_back({PhysAddr(0x13fdd0000 + cpu * 0x10000), 472});
  }
  host.vmcoreinfo = {PhysAddr(0x1061f000), 0x1024};
  host.kernel = {
      .start = VirtAddr(0xffffa1f6ac800000), .physical = PhysAddr(0x40200000), .size = 0x2a40000};
  host.direct_map = 0xffff1c8d40000000;
  host.total_ram = std::uint64_t{3700} << 20U;
  host.boot_params.clear();
  host.device_tree = firmware_tree();
  return host;
}

void add_efi(kexec::HostFacts& host) {
  set_boot_param(host, 0x1c0, 0x34364c45);  // "EL64"
  set_boot_param(host, 0x1c4, 0x3f9ec018);  // system table
  set_boot_param(host, 0x1c8, 48);
  set_boot_param(host, 0x1cc, 1);
  set_boot_param(host, 0x1d0, 0x3e000018);  // the old memory map
  set_boot_param(host, 0x1d4, 4800);
  set_boot_param(host, 0x1ec, 2);  // secure boot disabled
  host.efi = kexec::EfiFacts{.rsdp = 0x3fb7e014,
                             .smbios = 0x3f9c9000,
                             .fw_vendor = 0x3fb00000,
                             .config_table = 0x3f9ec000,
                             .runtime_map = {{.type = 6,
                                              .phys_addr = 0x3f8ed000,
                                              .virt_addr = 0xfffffffeff8ed000,
                                              .num_pages = 0x100,
                                              .attribute = 0x800000000000000f},
                                             {.type = 5,
                                              .phys_addr = 0x3f9ed000,
                                              .virt_addr = 0xfffffffeff9ed000,
                                              .num_pages = 0x80,
                                              .attribute = 0x800000000000000f}}};
}

kexec::KernelImage test_kernel(const BzImageBuilder& builder) {
  auto image = kexec::check_kernel_image("/boot/vmlinuz-test", builder.build());
  EXPECT_TRUE(image) << image.error().message;
  return *std::move(image);
}

kexec::KernelImage test_arm64_kernel(const Arm64ImageBuilder& builder) {
  auto image = kexec::check_kernel_image("/boot/vmlinuz-test", builder.build());
  EXPECT_TRUE(image) << image.error().message;
  return *std::move(image);
}

std::vector<std::byte> test_bytes(std::size_t size) {
  return std::vector<std::byte>(size, std::byte{0xa5});
}

}  // namespace kdump::test
