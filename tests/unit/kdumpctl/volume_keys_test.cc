// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/volume_keys.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

constexpr const char* kKeys = "/sys/kernel/config/crash_dm_crypt_keys";
constexpr const char* kUuid = "03813836-56e6-1ab3-b58e-27507ac41937";

TEST(VolumeKeys, EachKeyIsAnItemOfTheKernels) {
  const test::TempTree tree;
  tree.make_directory(kKeys);
  const std::string folder = std::string(kKeys) + "/" + kUuid;
  // What the kernel makes when the folder is made.
  tree.write(folder + "/description", "");
  const auto offered = OfferedVolumeKeys::offer(tree.root(), {kUuid});
  ASSERT_TRUE(offered) << offered.error().message;
  EXPECT_EQ(tree.read(folder + "/description"), "kdump-cryptsetup:vk-" + std::string(kUuid));
}

TEST(VolumeKeys, AKernelWithoutThemIsNamed) {
  const test::TempTree tree;
  EXPECT_TRUE(OfferedVolumeKeys::offer(tree.root(), {}));
  const auto offered = OfferedVolumeKeys::offer(tree.root(), {kUuid});
  ASSERT_FALSE(offered);
  EXPECT_THAT(offered.error().message, HasSubstr("CONFIG_CRASH_DM_CRYPT"));
  EXPECT_THAT(offered.error().message, HasSubstr("not encrypted"));
}

}  // namespace
}  // namespace kdump::ctl
