// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/kernel_cmdline.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

struct ParseCase {
  const char* word;
  const char* name;
  std::optional<std::string> value;
};

// What lib/cmdline.c, next_arg() makes of one word.
TEST(KernelCommandLine, TakesWordsApartAsTheKernelDoes) {
  const std::vector<ParseCase> table = {
      {"quiet", "quiet", std::nullopt},
      {"root=UUID=ab-cd", "root", "UUID=ab-cd"},
      {"foo=", "foo", ""},
      {"dyndbg=\"file a.c +p\"", "dyndbg", "file a.c +p"},
      {"\"dyndbg=file a.c +p\"", "dyndbg", "file a.c +p"},
      {"\"one two\"", "one two", std::nullopt},
      {"a=b\"c d\"e", "a", "b\"c d\"e"},
      {"a=\"b\"c", "a", "b\"c"},
      {"path=C:\\new", "path", "C:\\new"},
      {"-n", "-n", std::nullopt},
      {"=x", "=x", std::nullopt},
      {"=x=y", "=x", "y"},
      {"x=\"", "x", ""},
      {"\"", "", std::nullopt},
  };
  for (const ParseCase& row : table) {
    const auto line = KernelCommandLine::parse(row.word);
    ASSERT_EQ(line.parameters().size(), 1U) << row.word;
    EXPECT_EQ(line.parameters()[0].text, row.word);
    EXPECT_EQ(line.parameters()[0].name, row.name) << row.word;
    EXPECT_EQ(line.parameters()[0].value, row.value) << row.word;
  }
}

// Everything that going through a shell damages (echo, xargs): empty values, backslashes, -n,
// quotes.
TEST(KernelCommandLine, KeepsEveryWordAsWritten) {
  const std::string text =
      "BOOT_IMAGE=(hd0,gpt2)/vmlinuz foo= -n -e path=C:\\new\\tab dyndbg=\"file a.c +p\" 'x y' "
      "\"p=q r\" a\"b c\"d $(id) `id` * # -- single init_arg";
  EXPECT_EQ(KernelCommandLine::parse(text).to_string(), text);
  EXPECT_EQ(KernelCommandLine::parse("  a \t b\n").to_string(), "a b");
  EXPECT_EQ(KernelCommandLine::parse("").to_string(), "");
  EXPECT_EQ(KernelCommandLine::parse("a \"open quote").to_string(), "a \"open quote");
}

TEST(KernelCommandLine, NamesAreComparedWholeWithDashAndUnderscoreEqual) {
  EXPECT_TRUE(same_parameter_name("log_buf_len", "log-buf-len"));
  EXPECT_FALSE(same_parameter_name("log_buf_len", "log_buf_le"));
  EXPECT_FALSE(same_parameter_name("Quiet", "quiet"));
}

TEST(KernelCommandLine, RemovesWholeNamesOnly) {
  auto line = KernelCommandLine::parse(
      "foo.crashkernel=1 crashkernel=256M crashkernel_low xcrashkernel=1 rd.lvm.lv=a/b rd.lvm.lv=c "
      "log-buf-len=1M -- crashkernel=64M");
  EXPECT_EQ(line.remove("crashkernel").size(), 2U);
  EXPECT_EQ(line.remove("rd.lvm.lv").size(), 2U);
  EXPECT_EQ(line.remove("log_buf_len").size(), 1U);
  EXPECT_TRUE(line.remove("absent").empty());
  EXPECT_TRUE(line.remove("--").empty());
  EXPECT_EQ(line.to_string(), "foo.crashkernel=1 crashkernel_low xcrashkernel=1 --");
}

TEST(KernelCommandLine, FindsTheLastOne) {
  const auto line = KernelCommandLine::parse("console=tty0 console=ttyS0 -- console=no");
  ASSERT_NE(line.find("console"), nullptr);
  EXPECT_EQ(line.find("console")->value, "ttyS0");
  EXPECT_EQ(line.find("cons"), nullptr);
}

TEST(KernelCommandLine, AppendsKernelParametersBeforeTheArgumentsOfInit) {
  auto line = KernelCommandLine::parse("a -- single");
  line.append("nr_cpus=1  b=\"c d\"");
  EXPECT_EQ(line.to_string(), "a nr_cpus=1 b=\"c d\" -- single");
  line.append("e -- f");
  EXPECT_EQ(line.to_string(), "a nr_cpus=1 b=\"c d\" e -- single f");
  auto plain = KernelCommandLine::parse("a");
  plain.append("b -- c");
  EXPECT_EQ(plain.to_string(), "a b -- c");
  plain.append("");
  EXPECT_EQ(plain.to_string(), "a b -- c");
}

}  // namespace
}  // namespace kdump::config
