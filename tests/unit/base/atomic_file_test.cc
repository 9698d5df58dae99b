// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/atomic_file.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump {
namespace {

using testing::ElementsAre;

TEST(AtomicFile, ReplacesOnlyOnCommit) {
  const test::TempTree tree;
  tree.write("/image", "old");
  {
    auto file = AtomicFile::create(tree.path("/image"), 0600);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->write("half").has_value());
    EXPECT_EQ(tree.read("/image"), "old");
  }
  EXPECT_EQ(tree.read("/image"), "old");
  EXPECT_THAT(*tree.root().list("/"), ElementsAre("image")) << "the temporary file is gone";

  ASSERT_TRUE(write_file_atomically(tree.path("/image"), 0640, "new").has_value());
  EXPECT_EQ(tree.read("/image"), "new");
  EXPECT_EQ(tree.mode("/image"), 0640U);
  EXPECT_THAT(*tree.root().list("/"), ElementsAre("image"));
}

TEST(AtomicFile, AbsentFolderIsAnErrorThatNamesTheFile) {
  const auto failed = AtomicFile::create("/nonexistent/folder/file", 0600);
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().message.find("/nonexistent/folder/file"), std::string::npos);
}

}  // namespace
}  // namespace kdump
