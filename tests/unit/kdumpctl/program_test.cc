// SPDX-License-Identifier: GPL-2.0-or-later
// The program as a person meets it: its command line, and that manual page and completion know all
// of it.
#include "base/io.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "kdumpctl/command.h"
#include "tests/support/golden.h"
#include "tests/support/source_tree.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <regex>
#include <set>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

struct ProgramRun {
  int exit_code = -1;
  std::string out;
  std::string err;
};

ProgramRun run_program(const std::vector<std::string>& arguments) {
  const test::TempTree output;
  output.write("/out", "");
  output.write("/err", "");
  auto out = Fd::open(output.path("/out"), O_WRONLY);
  auto err = Fd::open(output.path("/err"), O_WRONLY);
  std::vector<std::string> argv = {KDUMPCTL_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto child = Child::spawn(argv, {-1, out->raw(), err->raw()});
  EXPECT_TRUE(child);
  const auto status = child->wait();
  EXPECT_TRUE(status);
  return {status->exit_code, output.read("/out"), output.read("/err")};
}

TEST(Program, CommandLine) {
  // Whatever may be misunderstood happens to an empty folder.
  const test::TempTree nowhere;
  std::string transcript;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"help"},
                                             {"--help"},
                                             {"start", "-h"},
                                             {"--version"},
                                             {"strat"},
                                             {"frobnicate"},
                                             {"start", "now"},
                                             {"start", "--force"},
                                             {"-x"},
                                             {"start", "stop"}}) {
    std::vector<std::string> elsewhere = {"--root", nowhere.folder()};
    elsewhere.insert(elsewhere.end(), arguments.begin(), arguments.end());
    const ProgramRun run = run_program(elsewhere);
    transcript += fmt::format("$ kdumpctl {}\n{}{}[exit {}]\n",
                              fmt::join(arguments, " "),
                              run.out,
                              run.err,
                              run.exit_code);
  }
  test::expect_golden("kdumpctl/command-line.txt", transcript);
}

TEST(Program, HelpAndVersionGoToStandardOutputAndMessagesToStandardError) {
  EXPECT_THAT(run_program({"--help"}).out, HasSubstr("restart"));
  EXPECT_EQ(run_program({"--help"}).err, "");
  EXPECT_EQ(run_program({"--version"}).out, "kdumpctl " KDUMP_TOOLKIT_VERSION "\n");
  EXPECT_EQ(run_program({"strat"}).out, "");
}

TEST(Program, WorksOnAnotherRoot) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_loaded", "1\n");
  tree.write("/sys/kernel/kexec_crash_size", "268435456\n");
  const ProgramRun status = run_program({"--root", tree.folder(), "status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_THAT(status.err,
              testing::StartsWith("kdump: Kdump is operational\n"
                                  "kdump: It was loaded by another program than kdumpctl\n"));
  tree.write("/sys/kernel/kexec_crash_loaded", "0\n");
  EXPECT_EQ(run_program({"--root=" + tree.folder(), "status"}).exit_code, 3);
  EXPECT_EQ(run_program({"--root", tree.folder(), "showmem"}).err,
            "kdump: Reserved 256MB memory for crash kernel\n");
  // The attributes' place since Linux 7.0.
  tree.write("/sys/kernel/kexec/crash_loaded", "1\n");
  EXPECT_EQ(run_program({"--root", tree.folder(), "status"}).exit_code, 0);
}

TEST(Program, TheOtherRootMayStandBehindAnyVerb) {
  const test::TempTree tree;
  tree.write("/etc/kdump.conf", "no_such_option 1\n");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"plan", "--root", tree.folder()},
                                             {"plan", "--json", "--root=" + tree.folder()},
                                             {"plan", "--root", tree.folder(), "--json"}}) {
    const ProgramRun run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.err, HasSubstr(tree.path("/etc/kdump.conf") + ":1"));
  }
  EXPECT_THAT(run_program({"plan", "--root"}).err, HasSubstr("DIR missing"));
}

TEST(Program, TheLogLevelOfTheSysconfigFileHolds) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_loaded", "0\n");
  tree.write("/etc/sysconfig/kdump", "KDUMP_STDLOGLVL=2\n");
  EXPECT_EQ(run_program({"--root", tree.folder(), "status"}).err, "");
  EXPECT_THAT(run_program({"--root", tree.folder(), "-d", "status"}).err,
              testing::StartsWith("kdump: Kdump is not operational\n"));
}

TEST(Program, NeverLoadsForAnotherRoot) {
  const test::TempTree tree;
  tree.write("/sys/kernel/kexec_crash_loaded", "1\n");
  const ProgramRun run = run_program({"--root", tree.folder(), "stop"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("on the running host only"));
  EXPECT_THAT(run.err, HasSubstr("Stopping kdump: [FAILED]"));
}

/// "--debug" out of "  -d,--debug   Say what ...".
std::set<std::string> options_of(const std::string& help) {
  std::set<std::string> options;
  const std::regex option("(^|[ ,])(--?[a-zA-Z][a-z-]*)");
  for (const std::string_view line : split_lines(help)) {
    const std::string text(line);
    if (!text.starts_with("  -")) continue;
    const std::string column = text.substr(0, 30);
    for (std::sregex_iterator at(column.begin(), column.end(), option), end; at != end; ++at) {
      options.insert((*at)[2]);
    }
  }
  return options;
}

std::string source_file(const std::string& name) {
  const auto text = read_file(test::source_path(name));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

TEST(Documentation, ManualPageAndCompletionKnowEveryVerbAndOption) {
  std::string page = source_file("docs/man/kdumpctl.8");
  page = std::regex_replace(page, std::regex("\\\\-"), "-");
  const std::string bash = source_file("packaging/completions/kdumpctl.bash");
  const std::string zsh = source_file("packaging/completions/kdumpctl.zsh");
  const std::string help = run_program({"--help"}).out;
  auto options = options_of(help);
  ASSERT_GE(options.size(), 6U) << help;
  options.merge(options_of(run_program({"fast-reboot", "--help"}).out));
  options.merge(options_of(run_program({"cold-reboot", "--help"}).out));
  ASSERT_GE(options.size(), 15U);
  for (const std::string& option : options) {
    for (const std::string& text : {page, bash, zsh}) EXPECT_THAT(text, HasSubstr(option));
  }
  for (const Command& command : all_commands()) {
    if (command.hidden) continue;
    EXPECT_THAT(page, HasSubstr(fmt::format(".B {}\n", command.name)));
    EXPECT_THAT(bash, HasSubstr(command.name));
    EXPECT_THAT(zsh, HasSubstr(fmt::format("'{}:", command.name)));
    EXPECT_THAT(help, HasSubstr(fmt::format("  {} ", command.name)));
  }
}

}  // namespace
}  // namespace kdump::ctl
