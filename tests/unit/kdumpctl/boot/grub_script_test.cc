// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/grub_script.h"

#include <gmock/gmock.h>

namespace kdump::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Each command with its words after expansion, "a|b|c", with " {" behind those that open a block.
std::vector<std::string> commands(const std::string& text, const GrubVariables& variables = {}) {
  const auto parsed = parse_grub_script(text, "grub.cfg");
  if (!parsed) return {parsed.error().message};
  std::vector<std::string> result;
  for (const GrubCommand& command : *parsed) {
    const auto words = expand_words(command.words, variables);
    result.push_back(
        words ? fmt::format("{}{}", fmt::join(*words, "|"), command.opens_block ? " {" : "")
              : words.error().message);
  }
  return result;
}

TEST(GrubScript, TakesCommandsApart) {
  EXPECT_THAT(
      commands("set a=1 # no\n\nif [ x$b = xy ]; then linux /v; fi\nmenuentry 'a b' {\n}\n",
               {{"b", "y"}}),
      ElementsAre("set|a=1", "if|[|xy|=|xy|]", "then", "linux|/v", "fi", "menuentry|a b {", "}"));
  EXPECT_THAT(commands("a\\\nb \"c\\\nd\"\n"), ElementsAre("ab|cd"));
}

TEST(GrubScript, VariablesAreTextAndNeverLookedAtAgain) {
  const GrubVariables variables = {{"a", "$b ; reboot"}, {"b", "secret"}, {"empty", ""}};
  EXPECT_THAT(commands("x $a", variables), ElementsAre("x|$b|;|reboot"));
  EXPECT_THAT(commands("x \"$a\" '$a' \\$a ${a}z", variables),
              ElementsAre("x|$b ; reboot|$a|$a|$b|;|rebootz"));
  EXPECT_THAT(commands("x $empty \"$empty\" $none y", variables), ElementsAre("x||y"));
  EXPECT_THAT(commands("x a$ ${a $", variables), ElementsAre("x|a$|${a|$"));
}

TEST(GrubScript, BadInputNamesFileAndLine) {
  EXPECT_THAT(commands("a\nb 'c\nd"), ElementsAre(HasSubstr("grub.cfg:2: this single quote")));
  EXPECT_THAT(commands("a \"c\nd"), ElementsAre(HasSubstr("grub.cfg:1: this double quote")));
  EXPECT_THAT(commands(std::string(70000, 'a')), ElementsAre(HasSubstr("a word of more than")));
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += "a\n";
  EXPECT_THAT(commands(many), ElementsAre(HasSubstr("more than 100000 words")));
}

TEST(GrubScript, AnExpansionIsBounded) {
  EXPECT_THAT(commands("x $a $a $a $a $a", {{"a", std::string(4000, 'y')}}),
              ElementsAre(HasSubstr("longer than 16384 bytes")));
}

TEST(GrubScript, TheCommandLineIsPutTogetherAsGrubDoes) {
  EXPECT_EQ(loader_command_line({"linux", "/v", "ro", "a b", "c=\"d\"", "e\\f"}, 2),
            "ro \"a b\" c=\\\"d\\\" e\\\\f");
  EXPECT_EQ(loader_command_line({"linux", "/v"}, 2), "");
}

}  // namespace
}  // namespace kdump::boot
