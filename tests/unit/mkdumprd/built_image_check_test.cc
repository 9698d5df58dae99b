// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/built_image_check.h"

#include "mkdumprd/build_image.h"
#include "mkdumprd/compare_images.h"
#include "mkdumprd/image_files.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/list_image.h"
#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// An image that was built for a test host.
class BuiltImage : public testing::Test {
 protected:
  BuiltImage() {
    host_.add_modules();
    host_.add_programs();
    BuildRequest request;
    request.image = image_;
    request.agent = "/usr/libexec/kdump/kdump-agent";
    request.collector = "/usr/bin/kdump-collect";
    const auto report = build_image(host_.root(), {}, request, [](std::size_t, std::size_t) {});
    EXPECT_TRUE(report) << report.error().message;
  }
  /// The image again without what `left_out` begins with.
  [[nodiscard]] std::vector<std::string> problems_without(const std::string& left_out) const {
    ImagePlan plan;
    for (const ListedEntry& entry : list_image(image_).value_or(std::vector<ListedEntry>())) {
      if (entry.path.starts_with(left_out) || S_ISDIR(entry.mode) || S_ISCHR(entry.mode)) continue;
      ImageEntry copy{entry.mode & 0777U, Symlink{entry.link_target}, "test"};
      if (S_ISREG(entry.mode)) copy.content = TextFile{*read_image_file(image_, entry.path)};
      EXPECT_TRUE(plan.add("/" + entry.path, copy));
    }
    const std::string damaged = host_.tree().path("/damaged");
    EXPECT_TRUE(
        write_image(host_.root(), plan, Packing::kGzip, damaged, [](std::size_t, std::size_t) {}));
    const auto report = check_built_image(damaged);
    EXPECT_TRUE(report);
    return report->problems;
  }

  test::TestHost host_;
  std::string image_ = host_.tree().path("/image");
};

TEST_F(BuiltImage, HasAllThatItNeeds) {
  const auto report = check_built_image(image_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_THAT(report->facts, Contains("target: /var/crash on /dev/vdb"));
  EXPECT_THAT(problems_without("nothing"), IsEmpty());
}

TEST_F(BuiltImage, DiffersFromAnotherByWhatIsSaid) {
  const auto same = compare_images(image_, image_);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_THAT(*same, IsEmpty());

  ImagePlan plan;
  ASSERT_TRUE(plan.add("/init", {0755, TextFile{"another"}, "test"}));
  ASSERT_TRUE(plan.add("/extra", {0644, TextFile{"x"}, "test"}));
  const std::string other = host_.tree().path("/other");
  ASSERT_TRUE(
      write_image(host_.root(), plan, Packing::kGzip, other, [](std::size_t, std::size_t) {}));
  const auto lines = compare_images(image_, other);
  ASSERT_TRUE(lines);
  EXPECT_THAT(*lines, Contains("+ extra (1 B)"));
  EXPECT_THAT(*lines, Contains(HasSubstr("~ init: 7 bytes, were ")));
  EXPECT_THAT(*lines, Contains(HasSubstr("- usr/bin/kdump-collect (")));
  EXPECT_FALSE(compare_images(image_, host_.tree().path("/absent")));
}

TEST_F(BuiltImage, WhatIsMissingIsNamed) {
  struct Row {
    const char* left_out;
    const char* problem;
  };
  for (const Row& row : {Row{"init", "/init is missing"},
                         Row{"usr/bin/kdump-collect", "/usr/bin/kdump-collect is missing"},
                         Row{"etc/kdump/plan.json", "plan.json"},
                         Row{"usr/lib/modules/6.9.0-test/test_fs.ko", "test_fs.ko is missing"},
                         Row{"usr/lib64/libdeep", "libdeep.so.1"}}) {
    EXPECT_THAT(problems_without(row.left_out), Contains(HasSubstr(row.problem))) << row.left_out;
  }
}

TEST_F(BuiltImage, WhatIsNoImageIsAnError) {
  host_.tree().write("/text", "text");
  EXPECT_FALSE(check_built_image(host_.tree().path("/text")));
  EXPECT_FALSE(check_built_image("/absent"));
}

TEST_F(BuiltImage, FilesAndReasonsCanBeRead) {
  EXPECT_THAT(read_image_file(image_, "/etc/kdump/plan.json").value_or(""), HasSubstr("targets"));
  EXPECT_EQ(read_image_file(image_, "absent").error().kind, ErrorKind::kNotFound);
  const auto reasons = read_image_file(image_, kImageReasonsPath);
  ASSERT_TRUE(reasons);
  const std::string text = format_reasons(*list_image(image_), *reasons);
  EXPECT_THAT(text, HasSubstr(" /init: the agent, PID 1\n"));
  EXPECT_THAT(text, HasSubstr("test_fs.ko: file system of the dump target\n"));
}

}  // namespace
}  // namespace kdump::mkdumprd
