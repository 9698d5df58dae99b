// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/build_image.h"

#include "config/capture_plan.h"
#include "config/image_manifest.h"
#include "mkdumprd/archive_handle.h"
#include "mkdumprd/list_image.h"
#include "tests/support/golden.h"
#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

using config::KdumpConfig;
using test::TestHost;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const WriteProgress kSilent = [](std::size_t, std::size_t) {};

class BuildImage : public testing::Test {
 protected:
  BuildImage() {
    host_.add_modules();
    host_.add_programs();
    host_.tree().write("/boot/config-6.9.0-test", "CONFIG_RD_ZSTD=y\n");
    host_.tree().write("/usr/share/zoneinfo/Europe/Paris", "TZif2");
    host_.tree().link("/etc/localtime", "../usr/share/zoneinfo/Europe/Paris");
    request_.image = host_.tree().path("/image");
    request_.agent = "/usr/libexec/kdump/kdump-agent";
    request_.collector = "/usr/bin/kdump-collect";
  }

  Result<BuildReport> build(const KdumpConfig& config = {}) const {
    return build_image(host_.root(), config, request_, kSilent);
  }

  TestHost host_;
  BuildRequest request_;
};

std::string file_in_image(const std::string& image, const std::string& name) {
  const ArchiveReader reader(archive_read_new());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_cpio(reader.get());
  EXPECT_EQ(archive_read_open_filename(reader.get(), image.c_str(), 4096), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    if (archive_entry_pathname(entry) != name) continue;
    std::string text(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader.get(), text.data(), text.size());
    return text;
  }
  return {};
}

/// What the plan decides, without the sizes of this machine's compiler's output.
std::string contents_of(const std::string& image) {
  const auto listed = list_image(image);
  EXPECT_TRUE(listed) << listed.error().message;
  std::string text;
  for (const ListedEntry& entry : *listed) {
    text += fmt::format("{:06o} {}{}{}\n",
                        entry.mode,
                        entry.path,
                        entry.link_target.empty() ? "" : " -> ",
                        entry.link_target);
  }
  return text + file_in_image(image, "etc/kdump/plan.json");
}

TEST_F(BuildImage, RecordedHost) {
  const auto report = build();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->packing, Packing::kZstd);
  EXPECT_EQ(report->module_count, 5U);
  EXPECT_THAT(report->warnings, IsEmpty());
  kdump::test::expect_golden("mkdumprd/virtio_ext4.txt", contents_of(request_.image));
  EXPECT_EQ(file_in_image(request_.image, "etc/localtime"), "TZif2");
}

TEST_F(BuildImage, ExistingImageIsKeptWithoutForce) {
  host_.tree().write("/image", "old");
  const auto refused = build();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("without --force"));
  EXPECT_EQ(host_.tree().read("/image"), "old");
  request_.overwrite = true;
  ASSERT_TRUE(build());
  EXPECT_NE(host_.tree().read("/image"), "old");
}

TEST_F(BuildImage, FailureLeavesTheOldImage) {
  host_.tree().write("/image", "old");
  request_.overwrite = true;
  std::filesystem::remove(host_.tree().path("/usr/lib64/libdeep.so.1"));
  ASSERT_FALSE(build());
  EXPECT_EQ(host_.tree().read("/image"), "old");
}

TEST_F(BuildImage, ExtraContent) {
  host_.tree().write("/usr/bin/extra", test::test_part("programs/mkdumprd_test_plain"));
  host_.tree().write("/root/note", "note");
  KdumpConfig config;
  config.extra_bins = {"/usr/bin/extra"};
  config.extra_modules = {"test_led"};
  request_.extra.includes = {{"/root/note", "/etc/note"}};
  const auto report = build(config);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(contents_of(request_.image), HasSubstr(" usr/bin/extra\n"));
  EXPECT_EQ(file_in_image(request_.image, "etc/note"), "note");
  config.extra_modules = {"test_missing"};
  request_.overwrite = true;
  const auto missing = build(config);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("no module test_missing (extra_modules)"));
}

TEST_F(BuildImage, MountAmongTheArgumentsIsTheTarget) {
  host_.tree().make_directory("/var/crash/dumps");
  request_.extra.mounts = {"/dev/vdb /mnt ext4 rw,noatime,data=journal"};
  KdumpConfig config;
  config.path = "/dumps";
  const auto report = build(config);
  ASSERT_TRUE(report) << report.error().message;
  const std::string plan = file_in_image(request_.image, "etc/kdump/plan.json");
  EXPECT_THAT(plan, HasSubstr("\"mount_data\": \"data=journal\""));
  EXPECT_THAT(plan, HasSubstr("\"directory\": \"/dumps\""));

  request_.overwrite = true;
  config.target = config::RawTarget{"/dev/vdb"};
  const auto second = build(config);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("More than one dump targets specified"));
  request_.extra.mounts = {"/dev/vdb /mnt"};
  EXPECT_FALSE(build());
}

TEST_F(BuildImage, HooksComeWithTheirInterpreterAndWhatTheyName) {
  const std::string program = test::test_part("programs/mkdumprd_test_plain");
  for (const char* path : {"/usr/bin/dash", "/usr/bin/logger"}) {
    host_.tree().write(path, program);
    ASSERT_EQ(::chmod(host_.tree().path(path).c_str(), 0755), 0);
  }
  host_.tree().link("/bin", "usr/bin");
  host_.tree().link("/usr/bin/sh", "dash");
  const std::string script = "#!/bin/sh\nlogger \"$1\"\n";
  for (const char* path : {"/root/decide", "/etc/kdump/post.d/10-tell"}) {
    host_.tree().write(path, script);
    ASSERT_EQ(::chmod(host_.tree().path(path).c_str(), 0700), 0);
  }
  KdumpConfig config;
  config.kdump_pre = "/root/decide";
  const auto report = build(config);
  ASSERT_TRUE(report) << report.error().message;
  const std::string contents = contents_of(request_.image);
  for (const char* line : {" root/decide\n",
                           " etc/kdump/post.d/10-tell\n",
                           " bin -> usr/bin\n",
                           " usr/bin/sh -> dash\n",
                           " usr/bin/dash\n",
                           " usr/bin/logger\n"}) {
    EXPECT_THAT(contents, HasSubstr(line));
  }
  const auto plan =
      config::capture_plan_from_json(file_in_image(request_.image, "etc/kdump/plan.json"));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->hooks.pre, ElementsAre(config::PlannedHook{"/root/decide", true}));
  EXPECT_THAT(plan->hooks.post,
              ElementsAre(config::PlannedHook{"/etc/kdump/post.d/10-tell", false}));
  EXPECT_THAT(file_in_image(request_.image, "etc/kdump/contents"),
              HasSubstr("/usr/bin/logger\tnamed in "));
}

TEST_F(BuildImage, FailureActionShellBringsAShell) {
  KdumpConfig config;
  config.failure_action = config::FailureAction::kShell;
  const auto without = build(config);
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().message, HasSubstr("/bin/sh not found"));
  host_.tree().write("/bin/sh", test::test_part("programs/mkdumprd_test_plain"));
  const auto report = build(config);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(contents_of(request_.image), HasSubstr(" bin/sh\n"));
}

TEST_F(BuildImage, MissingProgramNamesTheOption) {
  request_.agent.clear();
  std::filesystem::remove(host_.tree().path("/usr/libexec/kdump/kdump-agent"));
  const auto report = build();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("--agent"));
}

TEST_F(BuildImage, TheManifestHasAllThatTheImageWasMadeOf) {
  request_.arguments = "--add-drivers x";
  ASSERT_TRUE(build());
  const SysRoot root = host_.root();
  auto beside = config::manifest_from_json(host_.tree().read("/image.manifest"), "f");
  ASSERT_TRUE(beside) << beside.error().message;
  EXPECT_EQ(host_.tree().mode("/image.manifest"), 0644U);
  EXPECT_EQ(beside->arguments, "--add-drivers x");
  EXPECT_EQ(beside->kernel, "6.9.0-test");
  std::vector<std::string> paths;
  for (const config::ManifestFile& file : beside->files) paths.push_back(file.path);
  EXPECT_THAT(paths, Contains("/etc/localtime"));
  EXPECT_THAT(paths, Contains("/usr/bin/kdump-collect"));
  EXPECT_THAT(paths, Contains(HasSubstr(".ko")));
  EXPECT_EQ(beside->image, *config::stamp_of(SysRoot(), request_.image));
  const auto facts = config::read_manifest_facts(root, {});
  ASSERT_TRUE(facts);
  EXPECT_TRUE(config::compare_with_host(root, *facts, *beside).same());

  host_.tree().write("/usr/share/zoneinfo/Asia/Tokyo", "TZif3");
  std::filesystem::remove(host_.tree().path("/etc/localtime"));
  host_.tree().link("/etc/localtime", "../usr/share/zoneinfo/Asia/Tokyo");
  EXPECT_THAT(config::compare_with_host(root, *facts, *beside).files,
              ElementsAre("/etc/localtime"));
  host_.tree().write("/var/lib/pacemaker/cib/cib.xml", "<cib/>");
  EXPECT_THAT(config::compare_with_host(root, *facts, *beside).files,
              ElementsAre("/etc/localtime", "/var/lib/pacemaker/cib/cib.xml"));

  const auto inside =
      config::manifest_from_json(file_in_image(request_.image, "etc/kdump/manifest.json"), "f");
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_EQ(inside->files.size(), beside->files.size());
  EXPECT_EQ(inside->facts, beside->facts);
}

}  // namespace
}  // namespace kdump::mkdumprd
