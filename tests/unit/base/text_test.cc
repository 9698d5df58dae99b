// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, Trim) {
  EXPECT_EQ(trim("  a b\t\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
}

TEST(Text, SplitKeepsEmptyFields) {
  EXPECT_THAT(split("a::b:", ':'), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ':'), ElementsAre(""));
}

TEST(Text, SplitWordsAndLines) {
  EXPECT_THAT(split_words("  a\tbc  d "), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(split_words("   "), IsEmpty());
  EXPECT_THAT(split_lines("a\n\nb\n"), ElementsAre("a", "", "b"));
  EXPECT_THAT(split_lines("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(split_lines(""), IsEmpty());
}

TEST(Text, Numbers) {
  EXPECT_EQ(parse_unsigned("18446744073709551615"), 0xffffffffffffffffU);
  EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_unsigned("0x10"), 16U);
  EXPECT_EQ(parse_unsigned("12x"), std::nullopt);
  EXPECT_EQ(parse_unsigned(""), std::nullopt);
  EXPECT_EQ(parse_unsigned("-1"), std::nullopt);
  EXPECT_EQ(parse_signed("-129"), -129);
  EXPECT_EQ(parse_hex("ffffffff8ce13700"), 0xffffffff8ce13700U);
  EXPECT_EQ(parse_hex("0xff"), 255U);
  EXPECT_EQ(parse_hex("xyz"), std::nullopt);
}

TEST(Text, SizesAsTheKernelReadsThem) {
  EXPECT_EQ(parse_size("256M"), 256ULL << 20U);
  EXPECT_EQ(parse_size("1g"), 1ULL << 30U);
  EXPECT_EQ(parse_size("512"), 512U);
  EXPECT_EQ(parse_size("0x1E"), 30U);
  EXPECT_EQ(parse_size("16E"), std::nullopt) << "2^64 does not fit";
  EXPECT_EQ(parse_size("M"), std::nullopt);
  EXPECT_EQ(parse_size("12Q"), std::nullopt);
}

TEST(Text, FormatSize) {
  EXPECT_EQ(format_size(17), "17 B");
  EXPECT_EQ(format_size(640 * 1024), "640.0 KiB");
  EXPECT_EQ(format_size((5ULL << 30U) / 2), "2.5 GiB");
}

TEST(Text, ControlBytesAreMadeVisible) {
  EXPECT_EQ(escape_control("a\x1b[31m\n\\"), "a\\x1b[31m\\x0a\\x5c");
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("failure_action", "failure_acton"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

}  // namespace
}  // namespace kdump
