// SPDX-License-Identifier: GPL-2.0-or-later
// `kdump-collect info` and `verify`: what they print and how they end.
#include "base/subprocess.h"
#include "tests/support/golden.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <regex>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;
using ::testing::Not;

class InspectProgram : public ::testing::Test {
 protected:
  InspectProgram() {
    ToyKernel::Options options;
    options.memory = {{0x100000, 0x10000000}};
    ToyKernel kernel(options);
    kernel.make_free(0xf000, 10);
    kernel.memory().put(PhysAddr(0x9000000), std::uint64_t{1});
    EXPECT_TRUE(kernel.finish().save_elf(vmcore_));
  }

  /// What a person sees: the call, both outputs, the exit code. The folder of the test is T,
  /// and the size of a dump N.
  std::string session(const std::vector<std::string>& arguments) {
    tree_.write("/stdout", "");
    tree_.write("/stderr", "");
    const Fd out = *Fd::open(tree_.path("/stdout"), O_WRONLY);
    const Fd err = *Fd::open(tree_.path("/stderr"), O_WRONLY);
    std::vector<std::string> argv = {KDUMP_COLLECT_PROGRAM};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto child = Child::spawn(argv, {-1, out.raw(), err.raw()});
    EXPECT_TRUE(child);
    exit_code_ = child->wait()->exit_code;
    std::string text = "$ kdump-collect";
    for (const std::string& argument : arguments) text += ' ' + argument;
    text += '\n' + tree_.read("/stdout") + tree_.read("/stderr");
    text += "exit " + std::to_string(exit_code_) + "\n\n";
    // How small a codec makes the dump is its own affair.
    text = std::regex_replace(text, std::regex("(\\bbytes\"?: +)[0-9]+"), "$1N");
    return std::regex_replace(text, std::regex(tree_.folder()), "T");
  }
  void damage(std::size_t at, char value) {
    std::string text = tree_.read("/dump");
    text.at(at) = value;
    tree_.write("/dump", text);
  }

  kdump::test::TempTree tree_;
  std::string vmcore_ = tree_.path("/vmcore");
  std::string dump_ = tree_.path("/dump");
  int exit_code_ = -1;
};

TEST_F(InspectProgram, SaysWhatItFinds) {
  std::string text = session({"-q", "--codec", "lzo", "--verify", vmcore_, dump_});
  text += session({"info", dump_});
  text += session({"info", "--json", dump_});
  text += session({"verify", "--no-progress", dump_});
  text += session({"verify", "--no-progress", "--threads", "1", "--source", vmcore_, dump_});
  text += session({"info", vmcore_});
  damage(424, '\x0a');
  damage(460, '\x09');
  text += session({"verify", "--no-progress", "--source", vmcore_, dump_});
  text += session({"verify", "--no-progress", "--json", dump_});
  kdump::test::expect_golden("collect/inspect.txt", text);
}

TEST_F(InspectProgram, SaysHowMuchIsCutOff) {
  EXPECT_THAT(session({"-q", "--codec", "none", vmcore_, dump_}), HasSubstr("exit 0"));
  EXPECT_THAT(session({"info", dump_}), Not(HasSubstr("behind the end")));
  constexpr std::size_t kPages = 3;
  std::string text = tree_.read("/dump");
  tree_.write("/dump", text.substr(0, text.size() - kPages * 4096 + 1));
  EXPECT_THAT(session({"info", dump_}), HasSubstr("pages behind the end of the file: 3"));
}

TEST_F(InspectProgram, ExplainsWrongUse) {
  tree_.write("/text", "this is no dump, and long enough to be one of some kind, if it were one");
  std::string text = session({"info"});
  text += session({"info", "--jason", dump_});
  text += session({"info", "a", "b"});
  text += session({"info", tree_.path("/absent")});
  text += session({"info", tree_.path("/text")});
  text += session({"verify"});
  text += session({"verify", "--source"});
  text += session({"verify", "--threads", "0", dump_});
  text += session({"verify", tree_.path("/text")});
  text += session({"verify", "-"});
  text += session({"--verify", vmcore_, "-"});
  kdump::test::expect_golden("collect/inspect-usage.txt", text);
}

TEST_F(InspectProgram, HelpIsAnswered) {
  kdump::test::expect_golden("collect/inspect-help.txt",
                             session({"info", "--help"}) + session({"verify", "-h"}));
}

}  // namespace
}  // namespace kdump::capture
