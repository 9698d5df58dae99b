// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/plain_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace kdump::config {
namespace {

using namespace std::string_view_literals;

TEST(PlainText, Utf8) {
  for (const auto good : {""sv,
                          "plain"sv,
                          "\xc3\xa4"sv,
                          "\xe2\x82\xac"sv,
                          "\xf0\x9f\x90\xa7"sv,
                          "\xf4\x8f\xbf\xbf"sv,
                          "\xee\x80\x80"sv}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const auto bad : {"\xff"sv,
                         "\x80"sv,
                         "\xc3"sv,
                         "\xc0\xaf"sv,
                         "\xe0\x80\xaf"sv,
                         "\xed\xa0\x80"sv,
                         "\xf4\x90\x80\x80"sv,
                         "\xf5\x80\x80\x80"sv,
                         "a\xe2\x82"sv,
                         "\xe2\x28\xa1"sv}) {
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
  }
}

TEST(PlainText, Problems) {
  EXPECT_FALSE(text_problem("a\tb \xc3\xa4"));
  EXPECT_EQ(text_problem("a\nb"), "contains a control character");
  EXPECT_EQ(text_problem("a\0b"sv), "contains a control character");
  EXPECT_EQ(text_problem("\x7f"), "contains a control character");
  EXPECT_EQ(text_problem("\xe4"), "is not valid UTF-8");
}

}  // namespace
}  // namespace kdump::config
