// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/shell_assignments.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

Values values_of(const ShellAssignments& parsed) {
  Values values;
  for (const ShellAssignment& row : parsed.assignments) values.emplace_back(row.name, row.value);
  return values;
}

TEST(ShellAssignments, ReadsWhatAShellWouldAssign) {
  const std::vector<std::pair<std::string, Values>> table = {
      {"", {}},
      {"# only\n\n  # comments\n", {}},
      {"A=b", {{"A", "b"}}},
      {"A=\nB=''\nC=\"\"\n", {{"A", ""}, {"B", ""}, {"C", ""}}},
      {"  export A=b # why\nexport B\n", {{"A", "b"}}},
      {"A=\"b c\"'d e'f", {{"A", "b cd ef"}}},
      {"A=a#b # c", {{"A", "a#b"}}},
      {"A='it is $HOME `x` \\'", {{"A", "it is $HOME `x` \\"}}},
      {R"(A="a\$b\"c\\d\e")", {{"A", "a$b\"c\\d\\e"}}},
      {R"(A=a\ b\$c)", {{"A", "a b$c"}}},
      {"A=\"one \\\ntwo\" B=x\\\ny", {{"A", "one two"}, {"B", "xy"}}},
      {"A=\"one\ntwo\"", {{"A", "one\ntwo"}}},
      {"A=x\nB=\"$A ${A}y $Ay\"", {{"A", "x"}}},  // $Ay is another variable
      {"A=x; B=$A-y", {{"A", "x"}, {"B", "x-y"}}},
      {"A=\"a\"\nA+=\" b\"\nA=\"$A c\"", {{"A", "a"}, {"A", "a b"}, {"A", "a b c"}}},
      {"A+=b", {{"A", "b"}}},
      {"A=\"size=90% cost $ 5$\"", {{"A", "size=90% cost $ 5$"}}},
      {"A=b\r\nC=\"d\"\r\n", {{"A", "b"}, {"C", "d"}}},
  };
  for (const auto& [text, values] : table) {
    EXPECT_EQ(values_of(parse_shell_assignments(text, "f")), values) << text;
  }
}

struct ErrorCase {
  const char* text;
  int line;
  const char* message;
};

TEST(ShellAssignments, RefusesWhatAShellWouldDo) {
  const std::vector<ErrorCase> table = {
      {"A=1\nB=$(date)", 2, "a shell substitution is not run here"},
      {"B=\"`date`\"", 1, "a command substitution is not run here"},
      {"B=x`date`", 1, "a command substitution is not run here"},
      {"B=$C", 1, "$C is not assigned in this file before"},
      {"B=${C:-d}", 1, "a shell substitution is not run here"},
      {"B=$((1+1))", 1, "a shell substitution is not run here"},
      {"B=$1", 1, "a shell substitution is not run here"},
      {"B=$'x\\n'", 1, "a shell substitution is not run here"},
      {"B=~/x", 1, "'~' is not expanded here"},
      {"B=a;rm -rf /", 1, "'rm' stands outside the value of B"},
      {"B=a&", 1, "unquoted '&' in a value"},
      {"B=(a b)", 1, "unquoted '(' in a value"},
      {"B=a|b", 1, "unquoted '|' in a value"},
      {"# x\nB=irqpoll reset_devices", 2, "'reset_devices' stands outside the value of B"},
      {"source /etc/other", 1, "'source' is not an assignment"},
      {". /etc/other", 1, "'.' is not an assignment"},
      {"if true; then", 1, "'if' is not an assignment"},
      {"A B=c", 1, "'A' is not an assignment"},
      {"A =c", 1, "there is a blank before the '=' behind 'A'"},
      {"\x01\x02", 1, "'\\x01\\x02' is not an assignment"},
      {"A=1\nB=\"open\nC=d\n", 2, "a double quote without its partner"},
      {"B='open", 1, "a single quote without its partner"},
  };
  for (const ErrorCase& row : table) {
    const auto parsed = parse_shell_assignments(row.text, "f");
    ASSERT_EQ(parsed.diagnostics.size(), 1U) << row.text;
    const Diagnostic& finding = parsed.diagnostics[0];
    EXPECT_EQ(finding.severity, Severity::kError);
    EXPECT_EQ(finding.line, row.line) << row.text;
    EXPECT_EQ(finding.message, row.message);
    EXPECT_FALSE(finding.remedy.empty()) << row.text;
  }
}

TEST(ShellAssignments, GoesOnBehindAnErrorAndDropsItsValue) {
  const auto parsed = parse_shell_assignments("A=$(x) $(y)\nB=2\nC=`z`\nD=4\n", "f");
  EXPECT_EQ(values_of(parsed), (Values{{"B", "2"}, {"D", "4"}}));
  ASSERT_EQ(parsed.diagnostics.size(), 2U);
  EXPECT_EQ(parsed.diagnostics[1].line, 3);
}

TEST(ShellAssignments, BoundsWhatVariablesCanGrowTo) {
  std::string text = "A=xxxxxxxxxxxxxxxx\n";
  for (int i = 0; i < 40; ++i) text += "A=\"$A$A\"\n";
  const auto parsed = parse_shell_assignments(text, "f");
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_EQ(parsed.diagnostics[0].message, "the value of A is longer than 65536 bytes");
}

TEST(ShellAssignments, TellsReplacedFromUsed) {
  const auto parsed = parse_shell_assignments("A=1\nA=2\nB=3\nB=\"$B 4\"\nC=5\nC+=6\n", "f");
  std::vector<bool> replaces;
  for (const ShellAssignment& row : parsed.assignments) replaces.push_back(row.replaces);
  EXPECT_THAT(replaces, testing::ElementsAre(false, true, false, false, false, false));
  // Nothing is lost with an empty value, as the shipped files have them.
  EXPECT_FALSE(parse_shell_assignments("A=\"\"\nA=2\n", "f").assignments[1].replaces);
}

}  // namespace
}  // namespace kdump::config
