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
  const auto offered = OfferedVolumeKeys::offer(tree.root(), {kUuid}, {});
  ASSERT_TRUE(offered) << offered.error().message;
  EXPECT_EQ(tree.read(folder + "/description"), "kdump-cryptsetup:vk-" + std::string(kUuid));
}

TEST(VolumeKeys, AKernelWithoutThemIsNamed) {
  const test::TempTree tree;
  EXPECT_TRUE(OfferedVolumeKeys::offer(tree.root(), {}, {}));
  const auto offered = OfferedVolumeKeys::offer(tree.root(), {kUuid}, {});
  ASSERT_FALSE(offered);
  EXPECT_THAT(offered.error().message, HasSubstr("CONFIG_CRASH_DM_CRYPT"));
  EXPECT_THAT(offered.error().message, HasSubstr("not encrypted"));
}

/// A kernel with one key folder, and the attribute that takes keys from the loaded panic kernel.
class LostKey : public testing::Test {
 protected:
  LostKey() {
    tree_.write(std::string(kKeys) + "/" + kUuid + "/description", "");
    tree_.write(kReuse, "0");
  }
  [[nodiscard]] Status offer(const std::vector<std::string>& loaded, bool in_keyring) const {
    const auto offered = OfferedVolumeKeys::offer(
        tree_.root(), {kUuid}, loaded, [&](const std::string&) { return in_keyring; });
    if (offered) return {};
    return offered.error();
  }
  static constexpr const char* kReuse = "/sys/kernel/config/crash_dm_crypt_keys/reuse";
  test::TempTree tree_;
};

TEST_F(LostKey, IsTakenFromTheLoadedPanicKernel) {
  EXPECT_TRUE(offer({kUuid}, false));
  EXPECT_EQ(tree_.read(kReuse), "1");
}

TEST_F(LostKey, IsNotWhereTheKeyringHasIt) {
  EXPECT_TRUE(offer({kUuid}, true));
  EXPECT_EQ(tree_.read(kReuse), "0");
}

TEST_F(LostKey, OfAnotherVolumeIsOfNoUse) {
  const auto status = offer({"another"}, false);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("not in root's keyring"));
  EXPECT_THAT(status.error().message, HasSubstr("setup-crypttab"));
  EXPECT_EQ(tree_.read(kReuse), "0");
}

}  // namespace
}  // namespace kdump::ctl
