// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/initrd.h"

#include "base/io.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

TEST(Initrd, SeveralFilesStartAtFourByteBoundaries) {
  const test::TempTree tree;
  tree.write("/a", "070701aaa");
  tree.write("/b", "\x28\xb5\x2f\xfd.");
  const auto all = read_initrd({tree.path("/a"), tree.path("/b")});
  ASSERT_TRUE(all) << all.error().message;
  const std::string expected("070701aaa\0\0\0\x28\xb5\x2f\xfd.\0\0\0", 20);
  const auto bytes = as_bytes(expected);
  EXPECT_EQ(*all, std::vector<std::byte>(bytes.begin(), bytes.end()));
}

TEST(Initrd, FilesThatNoKernelUnpacks) {
  const test::TempTree tree;
  tree.write("/empty", "");
  tree.write("/text", "not an archive");
  tree.write("/good", "070702");
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{tree.path("/empty")}, "/empty: the file is empty; build the image again"},
      {{tree.path("/text")}, "/text: neither a cpio archive"},
      {{tree.path("/good"), tree.path("/none")}, "/none"},
      {{}, "no initrd given"},
  };
  for (const auto& [paths, message] : cases) {
    const auto all = read_initrd(paths);
    ASSERT_FALSE(all) << message;
    EXPECT_THAT(all.error().message, HasSubstr(message));
  }
}

}  // namespace
}  // namespace kdump::kexec
