// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/collector_command.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CollectorCommand, DefaultsAreTheCollectors) {
  const auto argv = plan_collector({});
  ASSERT_TRUE(argv);
  EXPECT_THAT(*argv, ElementsAre("/usr/bin/kdump-collect"));
}

TEST(CollectorCommand, MakedumpfilesWordsRunInTheCollector) {
  const auto argv =
      plan_collector({"/usr/sbin/makedumpfile", "-l", "-F", "--message-level", "7", "-d", "31"});
  ASSERT_TRUE(argv);
  EXPECT_THAT(
      *argv,
      ElementsAre(
          "/usr/bin/kdump-collect", "makedumpfile", "-l", "--message-level", "7", "-d", "31"));
}

TEST(CollectorCommand, OtherCommandsAreRefused) {
  for (const char* command : {"cp", "/bin/cat", "makedumpfile2", "\"makedumpfile"}) {
    const auto argv = plan_collector({command, "--sparse=always"});
    ASSERT_FALSE(argv) << command;
    EXPECT_EQ(argv.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(argv.error().message, HasSubstr("core_collector"));
  }
}

TEST(CollectorCommand, TheCollectorItselfIsAsked) {
  const kdump::test::TempTree tree;
  tree.write("/collector", "#!/bin/sh\n[ \"$*\" = \"makedumpfile -d 31 --version\" ]\n");
  ASSERT_EQ(::chmod(tree.path("/collector").c_str(), 0755), 0);
  const std::string program = tree.path("/collector");
  EXPECT_TRUE(check_collector(program, {"/usr/bin/kdump-collect", "makedumpfile", "-d", "31"}));
  const auto refused = check_collector(program, {"/usr/bin/kdump-collect", "makedumpfile", "-y"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("makedumpfile parameter check failed."));
  EXPECT_FALSE(check_collector(tree.path("/absent"), {"/usr/bin/kdump-collect"}));
}

}  // namespace
}  // namespace kdump::mkdumprd
