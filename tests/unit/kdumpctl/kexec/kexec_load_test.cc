// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kexec_load.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

TEST(KexecLoad, NothingIsLoadedForAnotherRoot) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_loaded", "1\n");
  for (const auto& status : {load_crash(LoadPlan{}, tree.root()), unload_crash(tree.root())}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(tree.folder()));
  }
}

TEST(KexecLoad, ABrokenPlanNeverReachesTheKernel) {
  const auto status = load_crash(LoadPlan{}, SysRoot());
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("the load plan is broken"));
}

TEST(KexecLoad, StateInTheOldAndTheNewPlace) {
  const test::TempTree old_place;
  old_place.write("/sys/kernel/kexec_crash_loaded", "1\n");
  old_place.write("/sys/kernel/kexec_crash_size", "201326592\n");
  EXPECT_TRUE(*crash_loaded(old_place.root()));
  EXPECT_EQ(*crash_size(old_place.root()), 201326592U);

  const test::TempTree new_place;
  new_place.write("/sys/kernel/kexec/crash_loaded", "0\n");
  new_place.write("/sys/kernel/kexec/crash_size", "0\n");
  EXPECT_FALSE(*crash_loaded(new_place.root()));
  EXPECT_EQ(*crash_size(new_place.root()), 0U);

  const test::TempTree none;
  EXPECT_EQ(crash_loaded(none.root()).error().kind, ErrorKind::kNotFound);
}

TEST(KexecLoad, SeedsDiffer) {
  const auto one = random_seed();
  const auto two = random_seed();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->size(), 32U);
  EXPECT_NE(*one, *two);
}

}  // namespace
}  // namespace kdump::kexec
