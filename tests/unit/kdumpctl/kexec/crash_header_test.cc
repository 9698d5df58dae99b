// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/crash_header.h"

#include "base/elf_file.h"
#include "base/io.h"
#include "tests/support/kexec_host.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <elf.h>

namespace kdump::kexec {
namespace {

using testing::ElementsAre;
using Kind = CoreSegment::Kind;

constexpr std::uint64_t kDirectMap = 0xffff8f29c0000000;

CoreSegment ram(std::uint64_t start, std::uint64_t end) {
  return {Kind::kRam, start, start + kDirectMap, end - start};
}

std::vector<CoreSegment> ram_of(const CrashHeader& header) {
  std::vector<CoreSegment> segments;
  for (const CoreSegment& segment : header.segments) {
    if (segment.kind == Kind::kRam) segments.push_back(segment);
  }
  return segments;
}

TEST(CrashHeader, NotesKernelAndRamWithoutTheReservation) {
  const auto header = build_crash_header(test::bios_host());
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_THAT(header->segments,
              ElementsAre(CoreSegment{Kind::kCpuNote, 0x3fc11000, 0, 464},
                          CoreSegment{Kind::kCpuNote, 0x3fd11000, 0, 464},
                          CoreSegment{Kind::kVmcoreinfo, 0x11e8000, 0, 0x1024},
                          CoreSegment{Kind::kKernel, 0x10200000, 0xffffffffad000000, 0x2830000},
                          ram(0x100000, 0x32000000),
                          ram(0x3e000000, 0x3ffe0000)));
}

TEST(CrashHeader, RamRules) {
  struct {
    const char* what;
    std::string_view iomem;
    std::vector<CoreSegment> ram;
  } const cases[] = {
      {"two reservations and RAM above 4 GiB",
       "00100000-bfffffff : System RAM\n"
       "  a8000000-ac7fffff : Crash kernel\n"
       "100000000-1bfffffff : System RAM\n"
       "  1a0000000-1bfffffff : Crash kernel\n",
       {ram(0x100000, 0xa8000000), ram(0xac800000, 0xc0000000), ram(0x100000000, 0x1a0000000)}},
      {"memory that drivers added",
       "00100000-0fffffff : System RAM\n"
       "100000000-1ffffffff : virtio-mem\n"
       "  100000000-107ffffff : System RAM (virtio_mem)\n"
       "  108000000-10fffffff : System RAM (virtio_mem)\n",
       {ram(0x100000, 0x10000000), ram(0x100000000, 0x110000000)}},
      {"the AGP aperture lies in RAM",
       "00100000-0fffffff : System RAM\n"
       "  08000000-0bffffff : GART\n",
       {ram(0x100000, 0x8000000), ram(0xc000000, 0x10000000)}},
      {"the first MiB is left out even where RAM crosses it",
       "00001000-0fffffff : System RAM\n",
       {ram(0x100000, 0x10000000)}},
      {"nothing but RAM is dumped",
       "00100000-0fffffff : System RAM\n"
       "10000000-1fffffff : Persistent Memory\n"
       "20000000-2fffffff : Soft Reserved\n"
       "30000000-30000fff : ACPI Tables\n",
       {ram(0x100000, 0x10000000)}},
  };
  for (const auto& c : cases) {
    const auto header = build_crash_header(test::host_with(c.iomem));
    ASSERT_TRUE(header) << c.what;
    EXPECT_EQ(ram_of(*header), c.ram) << c.what;
  }
}

TEST(CrashHeader, CmaAreasBelongToThePanicKernel) {
  HostFacts host = test::bios_host();
  host.crash_cma = {{0x8000000, 0xc000000}};
  const auto header = build_crash_header(host);
  ASSERT_TRUE(header);
  EXPECT_THAT(
      ram_of(*header),
      ElementsAre(
          ram(0x100000, 0x8000000), ram(0xc000000, 0x32000000), ram(0x3e000000, 0x3ffe0000)));
}

TEST(CrashHeader, LowMemoryThatTheKernelUsesIsACopy) {
  HostFacts host = test::bios_host();
  host.low_memory_in_use = true;
  const auto header = build_crash_header(host, PhysAddr(0x3d000000));
  ASSERT_TRUE(header);
  const CoreSegment low{Kind::kRam, 0x1000, 0x1000 + kDirectMap, 0x9ec00, 0x3d001000};
  EXPECT_THAT(ram_of(*header),
              ElementsAre(low, ram(0x100000, 0x32000000), ram(0x3e000000, 0x3ffe0000)));
  const test::TempTree tree;
  tree.write("/header",
             {reinterpret_cast<const char*>(header->bytes.data()), header->bytes.size()});
  const auto elf = ElfFile::open(tree.path("/header"));
  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_EQ(elf->segments().at(4).offset, 0x3d001000U);
  EXPECT_EQ(elf->segments().at(4).paddr, 0x1000U);
}

// Judged by libelf.
TEST(CrashHeader, TheBytesAreAnElfCoreFile) {
  const auto header = build_crash_header(test::bios_host());
  ASSERT_TRUE(header);
  const test::TempTree tree;
  tree.write("/header",
             {reinterpret_cast<const char*>(header->bytes.data()), header->bytes.size()});
  const auto elf = ElfFile::open(tree.path("/header"));
  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_EQ(elf->type(), ET_CORE);
  EXPECT_EQ(elf->machine(), EM_X86_64);
  EXPECT_TRUE(elf->is_64_bit());
  ASSERT_EQ(elf->segments().size(), header->segments.size());
  for (std::size_t i = 0; i < header->segments.size(); ++i) {
    const CoreSegment& want = header->segments[i];
    const ElfSegment& have = elf->segments()[i];
    const bool note = want.kind == Kind::kCpuNote || want.kind == Kind::kVmcoreinfo;
    EXPECT_EQ(have.type, static_cast<std::uint32_t>(note ? PT_NOTE : PT_LOAD));
    EXPECT_EQ(have.offset, want.physical);
    EXPECT_EQ(have.paddr, want.physical);
    EXPECT_EQ(have.vaddr, want.virtual_address);
    EXPECT_EQ(have.file_size, want.size);
    EXPECT_EQ(have.memory_size, want.size);
  }
}

TEST(CrashHeader, TooManyForTheFormat) {
  HostFacts host = test::bios_host();
  host.cpu_notes.assign(PN_XNUM - 5, host.cpu_notes[0]);
  EXPECT_TRUE(build_crash_header(host));  // with vmcoreinfo, kernel and two of RAM: PN_XNUM - 1
  host.cpu_notes.push_back(host.cpu_notes[0]);
  EXPECT_EQ(build_crash_header(host).error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace kdump::kexec
