// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/module_options.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

TEST(ModuleOptions, TakesTheModulesOwnWordsFromTheCommandLine) {
  const config::PlannedModule hpwdt{"/lib/modules/6.1/hpwdt.ko", "nowayout=1"};
  EXPECT_EQ(module_options(hpwdt, "quiet hpwdt.kdumptimeout=0 hpwdt2.kdumptimeout=9 hpwdt.verbose"),
            "nowayout=1 kdumptimeout=0 verbose");
}

TEST(ModuleOptions, DashAndUnderscoreAreEqualAndBlanksAreQuoted) {
  const config::PlannedModule module{"/m/usb-storage.ko", ""};
  EXPECT_EQ(module_options(module, "usb_storage.quirks=a:b:c usb-storage.note=\"x y\""),
            "quirks=a:b:c note=\"x y\"");
}

TEST(ModuleOptions, WordsForInitAreNotTheKernels) {
  const config::PlannedModule module{"/m/ext4.ko", ""};
  EXPECT_EQ(module_options(module, "ext4.a=1 -- ext4.b=2"), "a=1");
  EXPECT_EQ(module_options(module, ""), "");
}

}  // namespace
}  // namespace kdump::agent
