// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/hook_files.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedHook;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HookFilesTest : public testing::Test {
 protected:
  void add(const std::string& path, const std::string& text, unsigned mode = 0755) const {
    tree_.write(path, text);
    ASSERT_EQ(::chmod(tree_.path(path).c_str(), mode), 0);
  }
  [[nodiscard]] Result<HookFiles> find() const { return find_hooks(tree_.root(), config_); }

  kdump::test::TempTree tree_;
  config::KdumpConfig config_;
};

TEST_F(HookFilesTest, NoneAreNone) {
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hooks, config::PlannedHooks());
  EXPECT_THAT(found->programs, IsEmpty());
}

TEST_F(HookFilesTest, TheOrderIsThatOfKdumpUtils) {
  for (const char* folder : {"pre.d", "post.d", "emergency.d"}) {
    add(std::string("/etc/kdump/") + folder + "/20-b", "#!/bin/sh\n");
    add(std::string("/etc/kdump/") + folder + "/10-a", "#!/bin/sh\n");
  }
  add("/one", "#!/bin/sh\n");
  config_.kdump_pre = config_.kdump_post = config_.kdump_emergency = "/one";
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(found->hooks.pre,
              ElementsAre(PlannedHook{"/one", true},
                          PlannedHook{"/etc/kdump/pre.d/10-a", false},
                          PlannedHook{"/etc/kdump/pre.d/20-b", false}));
  EXPECT_THAT(found->hooks.post,
              ElementsAre(PlannedHook{"/etc/kdump/post.d/10-a", false},
                          PlannedHook{"/etc/kdump/post.d/20-b", false},
                          PlannedHook{"/one", false}));
  EXPECT_EQ(found->hooks.emergency.back(), (PlannedHook{"/one", false}));
}

TEST_F(HookFilesTest, InAFolderOnlyWhatIsExecutableCounts) {
  add("/etc/kdump/pre.d/README", "text", 0644);
  tree_.make_directory("/etc/kdump/pre.d/folder");
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_THAT(found->hooks.pre, IsEmpty());
  EXPECT_THAT(found->warnings, ElementsAre(HasSubstr("pre.d/README is not executable")));
}

TEST_F(HookFilesTest, AConfiguredOneMustBeThere) {
  config_.kdump_post = "/absent";
  const auto absent = find();
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("kdump_post /absent in kdump.conf does not exist"));
  add("/absent", "#!/bin/sh\n", 0644);
  const auto plain = find();
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, HasSubstr("chmod +x"));
}

TEST_F(HookFilesTest, WhatAScriptNamesIsFound) {
  for (const char* name : {"logger", "ip", "grep", "other"}) {
    add(std::string("/usr/bin/") + name, "x");
  }
  add("/opt/tool-1.2", "x");
  add("/usr/bin/data", "x", 0644);
  EXPECT_THAT(programs_named_in(tree_.root(),
                                "#!/bin/sh\n# other words\n  if logger -t kdump; then\n"
                                "x=$(ip addr|grep inet); /opt/tool-1.2 data absent /etc\nfi\n"),
              ElementsAre("/opt/tool-1.2", "grep", "ip", "logger"));
}

TEST_F(HookFilesTest, ManyNamesAreCut) {
  std::string script;
  for (int i = 0; i < 100; ++i) {
    add("/usr/bin/tool" + std::to_string(i), "x");
    script += "tool" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(programs_named_in(tree_.root(), script).size(), 64U);
}

TEST_F(HookFilesTest, AShellBringsTheToolsThatThereAre) {
  EXPECT_FALSE(shell_programs(tree_.root()));
  add("/bin/sh", "x");
  add("/usr/bin/ls", "x");
  const auto programs = shell_programs(tree_.root());
  ASSERT_TRUE(programs);
  ASSERT_EQ(programs->size(), 2U);
  EXPECT_EQ(programs->at(0).name, "/bin/sh");
  EXPECT_EQ(programs->at(1).name, "ls");
}

}  // namespace
}  // namespace kdump::mkdumprd
