// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/host_facts.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <filesystem>

namespace kdump::kexec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The headers of a /proc/kcore with one kernel image and one piece of RAM.
std::string kcore(std::uint16_t machine = EM_X86_64) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr text{};
  text.p_type = PT_LOAD;
  text.p_vaddr = 0xffffffff82000000;
  text.p_paddr = 0x2000000;
  text.p_memsz = text.p_filesz = 0x2000000;
  Elf64_Phdr ram = text;
  ram.p_vaddr = 0xffff888000100000;
  ram.p_paddr = 0x100000;
  ram.p_memsz = ram.p_filesz = 0x3ff00000;
  std::string out(sizeof(header) + 2 * sizeof(text), '\0');
  std::memcpy(out.data(), &header, sizeof(header));
  std::memcpy(out.data() + sizeof(header), &text, sizeof(text));
  std::memcpy(out.data() + sizeof(header) + sizeof(text), &ram, sizeof(ram));
  return out;
}

// A whole machine; tests take parts away or change them.
class HostTree {
 public:
  HostTree() {
    tree_.write("/proc/iomem",
                "00100000-3fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n");
    tree_.write("/proc/kcore", kcore());
    tree_.write("/proc/meminfo", "MemTotal:         772196 kB\nMemFree: 1 kB\n");
    tree_.write("/sys/kernel/vmcoreinfo", "0x00000000011e8000 1024\n");
    // CPU 1 and 2 are gone; cpuidle and the like are no CPUs.
    write_cpu("cpu0", "3fc11000");
    write_cpu("cpu10", "3fe11000");
    write_cpu("cpu3", "3fd11000");
    tree_.make_directory("/sys/devices/system/cpu/cpuidle");
    tree_.make_directory("/sys/devices/system/cpu/cpu5");
  }
  void write(const std::string& path, const std::string& text) const { tree_.write(path, text); }
  void remove(const std::string& path) const { std::filesystem::remove_all(tree_.path(path)); }
  [[nodiscard]] Result<HostFacts> facts() const { return read_host_facts(tree_.root()); }

 private:
  void write_cpu(const std::string& name, const std::string& address) const {
    tree_.write("/sys/devices/system/cpu/" + name + "/crash_notes", address + "\n");
    tree_.write("/sys/devices/system/cpu/" + name + "/crash_notes_size", "464\n");
  }

  test::TempTree tree_;
};

TEST(HostFacts, TheLeastAHostShows) {
  const HostTree host;
  const auto facts = host.facts();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->machine, Machine::kX86);
  EXPECT_EQ(facts->memory.crash_region(), (Range{0x20000000, 0x30000000}));
  EXPECT_THAT(facts->cpu_notes,
              ElementsAre(NoteArea{PhysAddr(0x3fc11000), 464},
                          NoteArea{PhysAddr(0x3fd11000), 464},
                          NoteArea{PhysAddr(0x3fe11000), 464}));
  EXPECT_EQ(facts->vmcoreinfo, (NoteArea{PhysAddr(0x11e8000), 0x1024}));
  EXPECT_EQ(facts->kernel.start, VirtAddr(0xffffffff82000000));
  EXPECT_EQ(facts->direct_map, 0xffff888000000000);
  EXPECT_EQ(facts->total_ram, 772196U * 1024);
  EXPECT_FALSE(facts->five_level_paging);
  EXPECT_FALSE(facts->gigabyte_pages);
  EXPECT_THAT(facts->boot_params, IsEmpty());
  EXPECT_THAT(facts->crash_cma, IsEmpty());
  EXPECT_FALSE(facts->efi);
  EXPECT_FALSE(facts->elfcorehdr_size);
}

TEST(HostFacts, WhatNewerKernelsShow) {
  const HostTree host;
  host.write("/proc/meminfo", "MemTotal: 4 kB\nDirectMap1G:     0 kB\n");
  host.write("/sys/kernel/boot_params/data", std::string(4096, 'x'));
  host.write("/sys/kernel/kexec/crash_elfcorehdr_size", "917616\n");
  host.write("/sys/kernel/kexec/crash_cma_ranges", "100000000-10c7fffff\n110000000-110ffffff\n");
  const auto facts = host.facts();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_TRUE(facts->gigabyte_pages);
  EXPECT_EQ(facts->boot_params.size(), 4096U);
  EXPECT_EQ(facts->elfcorehdr_size, 917616U);
  EXPECT_THAT(facts->crash_cma,
              ElementsAre(Range{0x100000000, 0x10c800000}, Range{0x110000000, 0x111000000}));
}

TEST(HostFacts, OfAnArm64Host) {
  const HostTree host;
  host.write("/proc/kcore", kcore(EM_AARCH64));
  host.write("/sys/firmware/fdt", std::string("\xd0\x0d\xfe\xed and so on", 15));
  const auto facts = host.facts();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->machine, Machine::kArm64);
  EXPECT_EQ(facts->device_tree.size(), 15U);
  EXPECT_EQ(facts->kernel.physical, PhysAddr(0x2000000));
  host.write("/proc/kcore", kcore(EM_PPC64));
  const auto foreign = host.facts();
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("neither x86_64 nor arm64"));
}

// Words of /proc/kpageflags up to 640 KiB: all reserved but those of `used`.
std::string page_flags(const std::vector<std::size_t>& used) {
  std::string words;
  for (std::size_t pfn = 0; pfn < 0xa0; ++pfn) {
    const bool reserved = std::find(used.begin(), used.end(), pfn) == used.end();
    words += std::string("\0\0\0\0", 4) + (reserved ? '\1' : '\0') + std::string(3, '\0');
  }
  return words;
}

TEST(HostFacts, LowMemoryInUse) {
  const HostTree host;
  host.write("/proc/iomem",
             "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n"
             "00100000-3fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n");
  const auto in_use = [&] {
    const auto facts = host.facts();
    EXPECT_TRUE(facts) << facts.error().message;
    return facts && facts->low_memory_in_use;
  };
  EXPECT_FALSE(in_use());  // a kernel that does not say
  host.write("/proc/kpageflags", page_flags({}));
  EXPECT_FALSE(in_use());
  host.write("/proc/kpageflags", page_flags({0, 0x9f}));  // neither is RAM as a whole
  EXPECT_FALSE(in_use());
  host.write("/proc/kpageflags", page_flags({0x9e}));
  EXPECT_TRUE(in_use());
  std::string flags = page_flags({0x9e});
  flags[0x9e * 8 + 1] = 4;  // free
  host.write("/proc/kpageflags", flags);
  EXPECT_FALSE(in_use());
  host.write("/proc/kpageflags", page_flags({}).substr(0, 100));
  EXPECT_FALSE(host.facts());
}

TEST(HostFacts, Efi) {
  const HostTree host;
  host.write("/sys/firmware/efi/systab",
             "SMBIOS3=0x3f9c7000\nSMBIOS=0x3f9c9000\nACPI=0x3fb7e000\nACPI20=0x3fb7e014\n");
  host.write("/sys/firmware/efi/fw_vendor", "0x3fb00000\n");
  host.write("/sys/firmware/efi/config_table", "0x3f9ec000\n");
  for (const char* number : {"0", "1", "10", "2"}) {
    const std::string folder = std::string("/sys/firmware/efi/runtime-map/") + number;
    host.write(folder + "/type", "0x5\n");
    host.write(folder + "/phys_addr", std::string("0x") + number + "000\n");
    host.write(folder + "/virt_addr", "0xfffffffeff8ed000\n");
    host.write(folder + "/num_pages", "0x10\n");
    host.write(folder + "/attribute", "0x800000000000000f\n");
  }
  const auto facts = host.facts();
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_TRUE(facts->efi);
  EXPECT_EQ(facts->efi->rsdp, 0x3fb7e014U);
  EXPECT_EQ(facts->efi->smbios, 0x3f9c9000U);
  EXPECT_EQ(facts->efi->fw_vendor, 0x3fb00000U);
  EXPECT_EQ(facts->efi->config_table, 0x3f9ec000U);
  ASSERT_EQ(facts->efi->runtime_map.size(), 4U);
  EXPECT_EQ(facts->efi->runtime_map[2].phys_addr, 0x2000U);  // in numeric order
  EXPECT_EQ(facts->efi->runtime_map[3],
            (EfiRuntimeRange{5, 0x10000, 0xfffffffeff8ed000, 0x10, 0x800000000000000f}));
}

TEST(HostFacts, EfiWithoutItsTables) {
  const HostTree host;
  host.write("/sys/firmware/efi/systab", "ACPI=0xf0000\n");
  const auto facts = host.facts();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->efi->rsdp, 0xf0000U);
  EXPECT_THAT(facts->efi->runtime_map, IsEmpty());
}

TEST(HostFacts, FailuresSayWhichFile) {
  struct {
    const char* path;
    const char* content;  // nothing: the file is absent
    const char* message;
  } const cases[] = {
      {"/proc/iomem", nullptr, "/proc/iomem"},
      {"/proc/iomem", "00000000-00000000 : System RAM\n", "only root"},
      {"/proc/kcore", nullptr, "cannot learn how the kernel is mapped"},
      {"/proc/kcore", "no ELF file", "/proc/kcore"},
      {"/proc/meminfo", "MemFree: 1 kB\n", "MemTotal"},
      {"/sys/kernel/vmcoreinfo", nullptr, "/sys/kernel/vmcoreinfo"},
      {"/sys/kernel/vmcoreinfo", "0x1000\n", "not an address and a size"},
      {"/sys/kernel/vmcoreinfo", "0x1000 z\n", "not an address and a size"},
      {"/sys/devices/system/cpu", nullptr, "/sys/devices/system/cpu"},
      {"/sys/devices/system/cpu/cpu3/crash_notes", "zz\n", "cpu3/crash_notes: \"zz\""},
      {"/sys/devices/system/cpu/cpu3/crash_notes_size", nullptr, "cpu3/crash_notes_size"},
      {"/sys/kernel/boot_params/data", "short", "/sys/kernel/boot_params/data: 5 bytes"},
      {"/sys/kernel/crash_elfcorehdr_size", "many\n", "crash_elfcorehdr_size"},
      {"/sys/kernel/kexec_crash_cma_ranges", "1000-2000\nx\n", "strange line \"x\""},
      {"/sys/firmware/efi/fw_vendor", "-\n", "fw_vendor"},
      {"/sys/firmware/efi/runtime-map/0/type", "0x1\n", "runtime-map/0/phys_addr"},
  };
  for (const auto& c : cases) {
    const HostTree host;
    host.remove(c.path);
    if (c.content != nullptr) host.write(c.path, c.content);
    const auto facts = host.facts();
    ASSERT_FALSE(facts) << c.path;
    EXPECT_THAT(facts.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace kdump::kexec
