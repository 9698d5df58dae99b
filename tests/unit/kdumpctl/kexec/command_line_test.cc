// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CommandLine, SplitsOutsideQuotes) {
  EXPECT_THAT(split_parameters("a  b=\"c d\" \te\"f g\"h "),
              ElementsAre("a", "b=\"c d\"", "e\"f g\"h"));
  EXPECT_THAT(split_parameters("  "), IsEmpty());
  EXPECT_THAT(split_parameters("dyndbg=\"open to the end"),
              ElementsAre("dyndbg=\"open to the end"));
}

TEST(CommandLine, TextThatMustNotBePassedOn) {
  EXPECT_TRUE(check_parameters("console=ttyS0 x=\"a b\" notelfcorehdr=1"));
  EXPECT_TRUE(check_parameters(""));
  struct {
    std::string_view text;
    const char* message;
  } const cases[] = {
      {"a\nb", "line break"},
      {std::string_view("a\0b", 3), "NUL"},
      {"a=\"b", "odd number of double quotes"},
      {"x elfcorehdr=0x1000", "remove \"elfcorehdr=0x1000\""},
      {"elfcorehdr=0x1\x1b", "elfcorehdr=0x1\\x1b"},
  };
  for (const auto& c : cases) {
    const auto status = check_parameters(c.text);
    ASSERT_FALSE(status) << c.text;
    EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
    EXPECT_THAT(status.error().message, HasSubstr(c.message));
  }
}

TEST(CommandLine, TheLimitItselfIsAllowed) {
  EXPECT_TRUE(check_length(std::string(2047, 'x'), 2047, "/boot/vmlinuz"));
  EXPECT_FALSE(check_length(std::string(2048, 'x'), 2047, "/boot/vmlinuz"));
}

TEST(CommandLine, NamesTheLongestParameters) {
  const std::string line = "short ip=" + std::string(60, '1') + " rd.znet=" + std::string(20, '2') +
                           " console=ttyS0 dyndbg=\"" + std::string(30, '3') + " +p\"";
  const auto status = check_length(line, 100, "/boot/vmlinuz-1");
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr(fmt::format("has {} bytes, /boot/vmlinuz-1 takes 100", line.size())),
                    HasSubstr(fmt::format("remove {} bytes", line.size() - 100)),
                    HasSubstr("ip=1111111111111111111111111111111111111... (63 bytes), dyndbg="),
                    HasSubstr("rd.znet=22222222222222222222 (28 bytes)"),
                    testing::Not(HasSubstr("ttyS0"))));
}

TEST(CommandLine, SerialWish) {
  struct {
    const char* line;
    const char* rest;
    std::optional<std::uint16_t> port;
  } const cases[] = {
      {"console=ttyS0  quiet", "console=ttyS0  quiet", std::nullopt},
      {"a kexec.serial=ttyS0 b", "a b", 0x3f8},
      {"kexec.serial=ttyS1", "", 0x2f8},
      {"a=\"b c\" kexec.serial=0x1010", "a=\"b c\"", 0x1010},
      {"a=\"kexec.serial=ttyS0\"", "a=\"kexec.serial=ttyS0\"", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto wish = take_serial_wish(c.line);
    ASSERT_TRUE(wish) << c.line;
    EXPECT_EQ(wish->command_line, c.rest);
    EXPECT_EQ(wish->port, c.port) << c.line;
  }
  for (const char* line : {"kexec.serial=", "kexec.serial=ttyAMA0", "kexec.serial=0x10000"}) {
    const auto wish = take_serial_wish(line);
    ASSERT_FALSE(wish) << line;
    EXPECT_THAT(wish.error().message, testing::HasSubstr("give ttyS0"));
  }
}

}  // namespace
}  // namespace kdump::kexec
