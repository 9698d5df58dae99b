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
using testing::IsEmpty;

Result<CollectorCommand> plan(const std::vector<std::string>& words) {
  const kdump::test::TempTree tree;
  tree.write("/usr/bin/mycollector",
             "\x7f"
             "ELF");
  tree.write("/usr/bin/busybox",
             "\x7f"
             "ELF");
  tree.link("/usr/bin/applet", "busybox");
  tree.link("/bin", "usr/bin");
  return plan_collector(tree.root(), words);
}

TEST(CollectorCommand, DefaultsAreTheCollectors) {
  const auto command = plan({});
  ASSERT_TRUE(command);
  EXPECT_THAT(command->argv, ElementsAre("/usr/bin/kdump-collect"));
  EXPECT_THAT(command->programs, IsEmpty());
}

TEST(CollectorCommand, MakedumpfilesWordsRunInTheCollector) {
  const auto command =
      plan({"/usr/sbin/makedumpfile", "-l", "-F", "--message-level", "7", "-d", "31"});
  ASSERT_TRUE(command);
  EXPECT_THAT(
      command->argv,
      ElementsAre(
          "/usr/bin/kdump-collect", "makedumpfile", "-l", "--message-level", "7", "-d", "31"));
  EXPECT_THAT(command->programs, IsEmpty());
}

TEST(CollectorCommand, CopyingProgramsMeanAnUnfilteredCopy) {
  for (const char* name : {"cp", "/bin/cat", "dd", "scp"}) {
    const auto command = plan({name});
    ASSERT_TRUE(command) << name;
    EXPECT_THAT(command->argv,
                ElementsAre("/usr/bin/kdump-collect", "makedumpfile", "-E", "-d", "0"));
    EXPECT_THAT(command->programs, IsEmpty());
    EXPECT_THAT(command->warnings, IsEmpty());
  }
}

TEST(CollectorCommand, OptionsOfCopyingProgramsAreIgnoredWithAWarning) {
  const auto command = plan({"dd", "bs=1M"});
  ASSERT_TRUE(command);
  EXPECT_THAT(command->warnings, ElementsAre(HasSubstr("\"bs=1M\" of core_collector \"dd\"")));
}

TEST(CollectorCommand, APartOfTheVmcoreIsRefused) {
  const auto command = plan({"dd", "bs=1M", "count=10"});
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(command.error().message, HasSubstr("count=10"));
}

TEST(CollectorCommand, AnyOtherCommandComesIntoTheImage) {
  const auto command = plan({"mycollector", "--fast"});
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_THAT(command->argv, ElementsAre("/usr/bin/mycollector", "--fast"));
  ASSERT_EQ(command->programs.size(), 1U);
  EXPECT_EQ(command->programs[0].name, "mycollector");
}

TEST(CollectorCommand, AProgramOfManyNamesIsCalledByTheOneGiven) {
  const auto command = plan({"applet"});
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_THAT(command->argv, ElementsAre("/usr/bin/applet"));
}

TEST(CollectorCommand, ACommandThatIsNotThereIsNamed) {
  for (const char* name : {"makedumpfile2", "\"makedumpfile", "/opt/collector"}) {
    const auto command = plan({name});
    ASSERT_FALSE(command) << name;
    EXPECT_THAT(command.error().message, HasSubstr("core_collector"));
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
  EXPECT_TRUE(check_collector(program, {"/usr/bin/mycollector", "--fast"}));
  EXPECT_FALSE(check_collector(tree.path("/absent"), {"/usr/bin/kdump-collect"}));
}

}  // namespace
}  // namespace kdump::mkdumprd
