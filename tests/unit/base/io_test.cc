// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io.h"

#include "base/mapped_file.h"
#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <array>

namespace kdump {
namespace {

TEST(Io, ReadFileRefusesMoreThanTheLimit) {
  const test::TempTree tree;
  tree.write("/f", "0123456789");
  EXPECT_EQ(*read_file(tree.path("/f"), 10), "0123456789");
  const auto refused = read_file(tree.path("/f"), 9);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kBadData);
}

TEST(Io, ReadFileReadsWhatHasNoSize) {
  const auto text = read_file("/proc/self/status");
  ASSERT_TRUE(text.has_value());
  EXPECT_NE(text->find("Name:"), std::string::npos);
}

TEST(Io, ReadFileReadsEachLengthAroundItsSteps) {
  const test::TempTree tree;
  for (const std::size_t length : {0U, 1U, 65535U, 65536U, 65537U, 200000U}) {
    const std::string content(length, 'x');
    tree.write("/f", content);
    EXPECT_EQ(*read_file(tree.path("/f")), content) << length;
    EXPECT_EQ(*read_file(tree.path("/f"), length), content) << length;
    EXPECT_EQ(read_bytes(tree.path("/f"))->size(), length);
    if (length == 0) continue;
    EXPECT_FALSE(read_file(tree.path("/f"), length - 1).has_value()) << length;
  }
}

TEST(Io, AbsentFileIsNotFoundAndNamed) {
  const auto text = read_file("/nonexistent/file");
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(text.error().message.find("/nonexistent/file"), std::string::npos);
}

TEST(Io, ReadExactAtPastTheEndIsUnreadable) {
  const test::TempTree tree;
  tree.write("/f", "abc");
  const auto fd = Fd::open(tree.path("/f"), O_RDONLY);
  ASSERT_TRUE(fd.has_value());
  std::array<std::byte, 2> buffer{};
  EXPECT_TRUE(read_exact_at(fd->raw(), buffer, 1).has_value());
  EXPECT_EQ(buffer[0], std::byte{'b'});
  const auto failed = read_exact_at(fd->raw(), buffer, 2);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::kUnreadable);
}

TEST(Io, WriteAllAtWritesWhereItIsTold) {
  const test::TempTree tree;
  tree.write("/f", "......");
  const auto fd = Fd::open(tree.path("/f"), O_RDWR);
  ASSERT_TRUE(fd.has_value());
  ASSERT_TRUE(write_all_at(fd->raw(), as_bytes("ab"), 3).has_value());
  EXPECT_EQ(tree.read("/f"), "...ab.");
}

TEST(MappedFile, MapsWholeFilesAndEmptyOnes) {
  const test::TempTree tree;
  tree.write("/f", "abc");
  tree.write("/empty", "");
  EXPECT_EQ(MappedFile::open(tree.path("/f"))->bytes().size(), 3U);
  EXPECT_TRUE(MappedFile::open(tree.path("/empty"))->bytes().empty());
  EXPECT_FALSE(MappedFile::open(tree.folder()).has_value()) << "a folder is not a file";
}

TEST(Fd, MovesAndCloses) {
  auto first = Fd::open("/dev/null", O_RDONLY);
  ASSERT_TRUE(first.has_value());
  const int number = first->raw();
  Fd second = std::move(*first);
  EXPECT_EQ(second.raw(), number);
  EXPECT_TRUE(second.close().has_value());
  EXPECT_FALSE(second.valid());
}

}  // namespace
}  // namespace kdump
