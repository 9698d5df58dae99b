// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/utsname.h"

#include "capture/kernel/free_pages.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <elf.h>

namespace kdump::capture {
namespace {

using test::ToyKernel;

FoundUtsname find(ToyKernel& kernel) {
  const Vmcoreinfo info(kernel.vmcoreinfo());
  const KernelMemory memory(kernel.memory(), *make_address_space(kernel.memory(), info));
  return read_utsname(info, memory);
}

TEST(Utsname, IsReadFromOldAndNewLayouts) {
  for (const char* era : {"5.10", "7.2"}) {
    ToyKernel::Options options;
    options.era = era;
    ToyKernel kernel(options);
    const FoundUtsname found = find(kernel);
    ASSERT_EQ(found.identity, Identity::kConfirmed) << era;
    EXPECT_EQ(found.name.sysname, "Linux");
    EXPECT_EQ(found.name.nodename, "toyhost");
    EXPECT_EQ(found.name.release, Vmcoreinfo(kernel.vmcoreinfo()).text("OSRELEASE"));
    EXPECT_EQ(found.name.machine, "x86_64");
  }
}

TEST(Utsname, AnotherKernelsVmcoreinfoIsFoundOut) {
  ToyKernel kernel;
  kernel.set_key("OSRELEASE", "5.14.0-another");
  EXPECT_EQ(find(kernel).identity, Identity::kContradicted);
  kernel.set_key("SYMBOL(init_uts_ns)", "ffff888900000000");
  EXPECT_EQ(find(kernel).identity, Identity::kUnknown) << "nothing there to contradict";
  kernel.set_key("SYMBOL(init_uts_ns)", std::nullopt);
  EXPECT_EQ(find(kernel).identity, Identity::kUnknown);
}

TEST(Utsname, TheFallbackNamesTheMachine) {
  const Vmcoreinfo info("OSRELEASE=6.1.0\n");
  EXPECT_EQ(fallback_utsname(info, EM_X86_64).machine, "x86_64");
  EXPECT_EQ(fallback_utsname(info, EM_AARCH64).machine, "aarch64");
  EXPECT_EQ(fallback_utsname(info, EM_X86_64).release, "6.1.0");
}

TEST(FreePages, AreTheSumOverAllZones) {
  ToyKernel kernel;
  kernel.set_counted_free(4711);
  kernel.finish();
  const Vmcoreinfo info(kernel.vmcoreinfo());
  const KernelMemory memory(kernel.memory(), *make_address_space(kernel.memory(), info));
  const auto count = count_free_pages(info, memory);
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(count->pages, 4711U);
  EXPECT_EQ(count->zones, 2U);
}

TEST(FreePages, WhatIsMissingIsNamed) {
  for (const char* key : {"SYMBOL(node_data)",
                          "LENGTH(node_data)",
                          "OFFSET(zone.vm_stat)",
                          "NUMBER(NR_FREE_PAGES)",
                          "OFFSET(pglist_data.node_zones)"}) {
    ToyKernel kernel;
    kernel.finish();
    kernel.set_key(key, std::nullopt);
    const Vmcoreinfo info(kernel.vmcoreinfo());
    const KernelMemory memory(kernel.memory(), *make_address_space(kernel.memory(), info));
    const auto count = count_free_pages(info, memory);
    ASSERT_FALSE(count) << key;
    EXPECT_THAT(count.error().message, ::testing::HasSubstr(key));
  }
}

}  // namespace
}  // namespace kdump::capture
