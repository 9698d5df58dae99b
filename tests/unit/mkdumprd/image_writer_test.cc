// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_writer.h"

#include "mkdumprd/list_image.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::mkdumprd {
namespace {

using testing::HasSubstr;

const WriteProgress kSilent = [](std::size_t, std::size_t) {};

ImagePlan small_plan() {
  ImagePlan plan;
  EXPECT_TRUE(plan.add("/init", {0755, HostFile{"/host/agent", false}, "agent"}));
  EXPECT_TRUE(plan.add("/etc/odd", {0640, TextFile{"abc"}, "three bytes"}));
  EXPECT_TRUE(plan.add("/etc/empty", {0644, TextFile{""}, "none"}));
  EXPECT_TRUE(plan.add("/lib", {0777, Symlink{"usr/lib"}, "link"}));
  EXPECT_TRUE(plan.add("/dev/console", {0600, CharacterDevice{5, 1}, "console"}));
  return plan;
}

class ImageWriter : public testing::TestWithParam<Packing> {
 protected:
  ImageWriter() { tree_.write("/host/agent", std::string(5001, 'a')); }
  Result<ImageSize> write(const std::string& name) const {
    return write_image(tree_.root(), small_plan(), GetParam(), tree_.path(name), kSilent);
  }
  kdump::test::TempTree tree_;
};

TEST_P(ImageWriter, ReadsBackAsPlanned) {
  const auto size = write("/image");
  ASSERT_TRUE(size) << size.error().message;
  EXPECT_EQ(size->unpacked, 5004U);
  EXPECT_EQ(size->packed, tree_.read("/image").size());
  EXPECT_EQ(tree_.mode("/image"), 0600U);
  const auto listed = list_image(tree_.path("/image"));
  ASSERT_TRUE(listed) << listed.error().message;
  std::string text;
  for (const ListedEntry& entry : *listed) {
    text += fmt::format("{:06o} {} {} {}\n", entry.mode, entry.size, entry.path, entry.link_target);
  }
  EXPECT_EQ(text,
            "040755 0 dev \n"
            "020600 0 dev/console \n"
            "040755 0 etc \n"
            "100644 0 etc/empty \n"
            "100640 3 etc/odd \n"
            "100755 5001 init \n"
            "120777 7 lib usr/lib\n");
}

TEST_P(ImageWriter, TwoBuildsAreIdentical) {
  ASSERT_TRUE(write("/one"));
  if (GetParam() == Packing::kGzip) ::sleep(1);  // it can hold the time, in seconds
  ASSERT_TRUE(write("/two"));
  EXPECT_EQ(tree_.read("/one"), tree_.read("/two"));
}

TEST_P(ImageWriter, NothingIsLeftWhenAFileIsGone) {
  std::filesystem::remove(tree_.path("/host/agent"));
  tree_.write("/image", "the old one");
  ASSERT_FALSE(write("/image"));
  EXPECT_EQ(tree_.read("/image"), "the old one");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tree_.folder()), {}), 2);
}

INSTANTIATE_TEST_SUITE_P(All,
                         ImageWriter,
                         testing::Values(Packing::kZstd, Packing::kGzip, Packing::kNone),
                         [](const auto& row) {
                           return row.param == Packing::kNone ? std::string("none")
                                                              : std::string(to_string(row.param));
                         });

// Documentation/driver-api/early-userspace/buffer-format.rst: what the kernel's unpacker relies on.
TEST(ImageFormat, NewcHeadersForTheKernel) {
  const kdump::test::TempTree tree;
  tree.write("/host/agent", "agent");
  ASSERT_TRUE(write_image(tree.root(), small_plan(), Packing::kNone, tree.path("/image"), kSilent));
  const std::string bytes = tree.read("/image");
  const auto field = [&](std::size_t header, std::size_t index) {
    return std::stoul(bytes.substr(header + 6 + index * 8, 8), nullptr, 16);
  };
  std::size_t at = 0;
  std::size_t number = 0;
  std::string name;
  while (name != "TRAILER!!!") {
    ASSERT_EQ(at % 4, 0U);
    ASSERT_EQ(bytes.substr(at, 6), "070701");
    const std::size_t size = field(at, 6);
    const std::size_t name_size = field(at, 11);
    name = bytes.substr(at + 110, name_size - 1);
    if (name != "TRAILER!!!") {
      EXPECT_EQ(field(at, 0), ++number) << "inode of " << name;
      EXPECT_EQ(field(at, 2), 0U) << "owner of " << name;
      EXPECT_EQ(field(at, 4), 1U) << "links of " << name;
      EXPECT_EQ(field(at, 5), 0U) << "time of " << name;
    }
    if (name == "dev/console") {
      EXPECT_EQ(field(at, 9), 5U);
      EXPECT_EQ(field(at, 10), 1U);
    }
    at = (at + 110 + name_size + 3) / 4 * 4;
    at = (at + size + 3) / 4 * 4;
    ASSERT_LE(at, bytes.size());
  }
  EXPECT_EQ(number, 7U);
}

TEST(ListImage, ListingEndsWithTheSum) {
  const std::string text =
      format_listing({{.mode = 0100644, .size = 2048, .path = "a\nb", .link_target = ""},
                      {.mode = 0120777, .size = 0, .path = "l", .link_target = "t"}});
  EXPECT_EQ(text,
            "100644      2048 a\\x0ab\n"
            "120777         0 l -> t\n"
            "2 entries, 2.0 KiB unpacked\n");
}

TEST(ListImage, WhatIsNoArchiveIsAnError) {
  const kdump::test::TempTree tree;
  tree.write("/text",
             "this is no image at all, but long enough for a header to be looked for in it");
  const auto listed = list_image(tree.path("/text"));
  ASSERT_FALSE(listed);
  EXPECT_THAT(listed.error().message, HasSubstr("/text"));
  EXPECT_EQ(list_image("/nonexistent/image").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace kdump::mkdumprd
