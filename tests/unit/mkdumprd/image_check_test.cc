// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace kdump::mkdumprd {
namespace {

using testing::HasSubstr;

/// A small image that is right, from which one thing can be left out.
struct Image {
  ImagePlan plan;
  ElfClosure closure;
  config::CapturePlan capture;

  explicit Image(const std::set<std::string>& left_out = {}) {
    const auto add = [&](const std::string& path, auto content) {
      if (left_out.contains(path)) return;
      const auto status = plan.add(path, {0755, content, "test"});
      EXPECT_TRUE(status) << status.error().message;
    };
    add("/lib", Symlink{"usr/lib"});
    add("/init", HostFile{"/agent", false});
    add("/usr/bin/kdump-collect", HostFile{"/collector", false});
    add("/usr/lib/arch/libc.so.6", HostFile{"/c", false});
    add("/usr/lib/arch/libx.so.1", Symlink{"libx.so.1.2"});
    add("/usr/lib/arch/libx.so.1.2", HostFile{"/x", false});
    add("/usr/lib/ld.so", HostFile{"/ld", false});
    add("/usr/lib/liby.so", HostFile{"/y", false});
    add("/usr/lib/modules/6.9/disk.ko", HostFile{"/disk", true});
    config::PlannedTarget target;
    target.host_name = "127.0.0.1";
    target.modules = {{"/usr/lib/modules/6.9/disk.ko", ""}};
    config::PlannedFileSystem place;
    place.fs_type = "ext4";
    place.device = config::PlannedDevice{config::PlannedDevice::By::kUuid, "1234"};
    place.directory = "/";
    target.place = place;
    capture.targets = {target};
    capture.hooks.post = {{"/etc/kdump/post.d/1", false}};
    add("/etc/kdump/post.d/1", HostFile{"/etc/kdump/post.d/1", false});
    capture.collector = {"/usr/bin/kdump-collect", "--x"};
    add(config::kCapturePlanPath, TextFile{config::to_json(capture)});
    closure.objects = {
        {.file = "/agent",
         .interpreter = "/lib/ld.so",
         .needed = {"libx.so.1", "libc.so.6"},
         .search = {}},
        {.file = "/x", .interpreter = "", .needed = {"liby.so", "libc.so.6"}, .search = {}}};
  }
  [[nodiscard]] Status check() const { return check_image(plan, closure); }
};

TEST(ImageCheck, WholeImagePasses) {
  const auto status = Image().check();
  EXPECT_TRUE(status) << status.error().message;
}

struct Missing {
  const char* name;
  const char* path;
  const char* text;
};

class ImageCheckMissing : public testing::TestWithParam<Missing> {};

TEST_P(ImageCheckMissing, IsFound) {
  const auto status = Image({GetParam().path}).check();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kBadData);
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ImageCheckMissing,
    testing::Values(
        Missing{"Agent", "/init", "lack /init, which the kernel needs"},
        Missing{"Plan", config::kCapturePlanPath, "lack /etc/kdump/plan.json"},
        Missing{"Collector", "/usr/bin/kdump-collect", "lack /usr/bin/kdump-collect"},
        Missing{"Module", "/usr/lib/modules/6.9/disk.ko", "lack /usr/lib/modules/6.9/disk.ko"},
        Missing{"Loader", "/usr/lib/ld.so", "lack /lib/ld.so, which /agent needs"},
        Missing{"LinkOnTheWay", "/lib", "lack /lib/ld.so"},
        Missing{"Library", "/usr/lib/arch/libx.so.1.2", "lack libx.so.1, which /agent needs"},
        Missing{"NameOfALibrary", "/usr/lib/arch/libx.so.1", "lack libx.so.1"},
        Missing{"LibraryOfALibrary", "/usr/lib/liby.so", "lack liby.so, which /x needs"},
        Missing{"CLibrary", "/usr/lib/arch/libc.so.6", "lack libx.so.1"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ImageCheck, LibraryWhereTheLoaderDoesNotLook) {
  Image image;
  ASSERT_TRUE(image.plan.add("/opt/libz.so", {0755, HostFile{"/z", false}, "test"}));
  image.closure.objects[0].needed.emplace_back("libz.so");
  ASSERT_FALSE(image.check());
  ASSERT_TRUE(image.plan.add("/usr/lib/arch/libz.so", {0777, Symlink{"/opt/libz.so"}, "test"}));
  EXPECT_TRUE(image.check());
}

TEST(ImageCheck, LinkThatLeadsNowhere) {
  Image image;
  ASSERT_TRUE(image.plan.add("/etc/stray", {0777, Symlink{"gone"}, "test"}));
  const auto status = image.check();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/etc/stray would lead nowhere"));
  Image circle;
  ASSERT_TRUE(circle.plan.add("/etc/a", {0777, Symlink{"b"}, "test"}));
  ASSERT_TRUE(circle.plan.add("/etc/b", {0777, Symlink{"a"}, "test"}));
  EXPECT_FALSE(circle.check());
}

TEST(ImageCheck, PlanThatTheAgentWouldRefuse) {
  Image image({config::kCapturePlanPath});
  image.capture.collector.clear();
  ASSERT_TRUE(image.plan.add(config::kCapturePlanPath,
                             {0644, TextFile{config::to_json(image.capture)}, "test"}));
  const auto status = image.check();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("collector"));
}

}  // namespace
}  // namespace kdump::mkdumprd
