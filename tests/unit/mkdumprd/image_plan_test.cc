// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ImagePlan, FoldersAboveAnEntryComeByThemselves) {
  ImagePlan plan;
  ASSERT_TRUE(plan.add("/a/b/c", {0644, TextFile{"x"}, "test"}));
  EXPECT_EQ(plan.entries().size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Directory>(plan.entries().at("/a").content));
  EXPECT_EQ(plan.entries().at("/a/b").mode, mode_t{0755});
}

TEST(ImagePlan, SameThingTwiceIsOneEntry) {
  ImagePlan plan;
  ASSERT_TRUE(plan.add("/a", {0644, HostFile{"/x", false}, "first"}));
  ASSERT_TRUE(plan.add("/a", {0644, HostFile{"/x", false}, "second"}));
  EXPECT_EQ(plan.entries().size(), 1U);
  EXPECT_EQ(plan.entries().at("/a").reason, "first");
}

TEST(ImagePlan, DifferentThingsUnderOneNameAreRefused) {
  ImagePlan plan;
  ASSERT_TRUE(plan.add("/a", {0644, HostFile{"/x", false}, "first"}));
  const auto other = plan.add("/a", {0644, HostFile{"/y", false}, "second"});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("first, and second"));
  EXPECT_FALSE(plan.add("/a/b", {0644, TextFile{""}, "below a file"}));
}

TEST(ImagePlan, HostPathBringsItsLinks) {
  ImagePlan plan;
  const HostPath host{{{"/lib", "usr/lib"}, {"/usr/lib/a.so", "a.so.1"}}, "/usr/lib/a.so.1"};
  ASSERT_TRUE(plan.add_host_path(host, 0755, "test"));
  EXPECT_EQ(std::get<Symlink>(plan.entries().at("/lib").content).target, "usr/lib");
  EXPECT_EQ(std::get<Symlink>(plan.entries().at("/usr/lib/a.so").content).target, "a.so.1");
  EXPECT_EQ(std::get<HostFile>(plan.entries().at("/usr/lib/a.so.1").content).path,
            "/usr/lib/a.so.1");
}

TEST(ImagePlan, WholeImage) {
  ImageContents contents;
  contents.kernel_release = "6.9";
  contents.files = {{"/opt/agent", config::kImageAgentPath, 0755, "agent"}};
  const ClosureModule disk{.name = "virtio_blk",
                           .file = "/usr/lib/modules/6.9/kernel/virtio_blk.ko.xz",
                           .options = "queues=1",
                           .reason = "driver"};
  const ClosureModule extra{.name = "extra",
                            .file = "/usr/lib/modules/6.9/kernel/extra.ko",
                            .options = "",
                            .reason = "extra_modules"};
  contents.modules.modules = {extra};
  contents.target_modules.resize(2);
  contents.target_modules[0].modules = {disk};
  contents.target_modules[1].modules = {disk, extra};
  contents.libraries.extra_links = {{"/usr/lib/libx.so", "/opt/libx.so"}};
  contents.capture.collector = {config::kImageCollectorPath};
  config::PlannedTarget target;
  target.host_name = "127.0.0.1";
  config::PlannedFileSystem place;
  place.fs_type = "ext4";
  place.device = config::PlannedDevice{config::PlannedDevice::By::kUuid, "1234"};
  place.directory = "/";
  target.place = place;
  contents.capture.targets = {target, target};
  const auto plan = plan_image(contents);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto& entries = plan->entries();
  EXPECT_EQ(std::get<HostFile>(entries.at("/init").content), (HostFile{"/opt/agent", false}));
  EXPECT_EQ(std::get<HostFile>(entries.at("/usr/lib/modules/6.9/virtio_blk.ko").content),
            (HostFile{"/usr/lib/modules/6.9/kernel/virtio_blk.ko.xz", true}));
  EXPECT_EQ(std::get<CharacterDevice>(entries.at("/dev/console").content), (CharacterDevice{5, 1}));
  EXPECT_EQ(entries.at("/tmp").mode, mode_t{01777});
  EXPECT_EQ(std::get<Symlink>(entries.at("/usr/lib/libx.so").content).target, "/opt/libx.so");

  const auto capture = config::capture_plan_from_json(
      std::get<TextFile>(entries.at(config::kCapturePlanPath).content).text);
  ASSERT_TRUE(capture) << capture.error().message;
  const config::PlannedModule planned_disk{"/usr/lib/modules/6.9/virtio_blk.ko", "queues=1"};
  const config::PlannedModule planned_extra{"/usr/lib/modules/6.9/extra.ko", ""};
  EXPECT_THAT(capture->modules, ElementsAre(planned_extra));
  EXPECT_THAT(capture->targets.at(0).modules, ElementsAre(planned_disk));
  EXPECT_THAT(capture->targets.at(1).modules, ElementsAre(planned_disk, planned_extra));
  EXPECT_THAT(std::get<TextFile>(entries.at(kImageReasonsPath).content).text,
              HasSubstr("/usr/lib/modules/6.9/virtio_blk.ko\tdriver\n"));
  EXPECT_EQ(capture->kernel_release, "6.9");
}

TEST(ImagePlan, APasswordMakesTheOrdersSecret) {
  ImageContents contents;
  config::PlannedIscsi session;
  session.target = "iqn.x:dumps";
  contents.capture.targets.resize(1);
  contents.capture.targets[0].volumes = {session};
  const auto open = plan_image(contents);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->entries().at(config::kCapturePlanPath).reason, "the agent's orders");
  session.target_password = "terces";
  contents.capture.targets[0].volumes = {session};
  const auto secret = plan_image(contents);
  ASSERT_TRUE(secret);
  const ImageEntry& orders = secret->entries().at(config::kCapturePlanPath);
  EXPECT_THAT(orders.reason,
              HasSubstr("SECRET: the agent's orders, with the CHAP password of iqn"));
  EXPECT_EQ(orders.mode, mode_t{0600});
  EXPECT_THAT(std::get<TextFile>(secret->entries().at(kImageReasonsPath).content).text,
              testing::Not(HasSubstr("terces")));
}

}  // namespace
}  // namespace kdump::mkdumprd
