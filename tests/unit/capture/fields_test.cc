// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/fields.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

std::string json_of(const std::string& text) {
  const std::string json = fields_as_json({{"k", "", text}});
  // {\n  "k": ...\n}\n
  return json.substr(9, json.size() - 9 - 3);
}

TEST(Fields, AreLinesForPeopleAndAnObjectForPrograms) {
  const std::vector<Field> fields = {
      {"file", "file", std::string("a\nb")},
      {"pages", "pages of memory", std::uint64_t{18446744073709551615U}},
      {"whole", "complete", true},
      {"hidden", "", false},
      {"list", "stored as", std::vector<std::string>{"1 zstd", "2 \"lzo\""}},
      {"none", "nothing", std::vector<std::string>{}},
  };
  EXPECT_EQ(fields_as_text(fields),
            "file:            a\\x0ab\n"
            "pages of memory: 18446744073709551615\n"
            "complete:        yes\n"
            "stored as:       1 zstd, 2 \"lzo\"\n"
            "nothing:         none\n");
  EXPECT_EQ(fields_as_json(fields),
            "{\n"
            "  \"file\": \"a\\u000ab\",\n"
            "  \"pages\": 18446744073709551615,\n"
            "  \"whole\": true,\n"
            "  \"hidden\": false,\n"
            "  \"list\": [\n"
            "    \"1 zstd\",\n"
            "    \"2 \\\"lzo\\\"\"\n"
            "  ],\n"
            "  \"none\": []\n"
            "}\n");
  EXPECT_EQ(fields_as_json({}), "{\n}\n");
}

// Much of what is said was written by a kernel that had gone mad.
TEST(Fields, JsonIsWellFormedWhateverTheText) {
  EXPECT_EQ(json_of("\"\\\b\x7f"), "\"\\\"\\\\\\u0008\x7f\"");
  EXPECT_EQ(json_of("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7"),
            "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7\"");
  const std::string bad = "\xef\xbf\xbd";
  for (const char* text : {"\x80",     // no lead
                           "\xc0",     // overlong
                           "\xff",     // no UTF-8
                           "\xc3"}) {  // cut off
    EXPECT_EQ(json_of(text), '"' + bad + '"');
  }
  EXPECT_EQ(json_of("\xe0\x80\x80"), '"' + bad + bad + bad + '"') << "overlong";
  EXPECT_EQ(json_of("\xed\xa0\x80"), '"' + bad + bad + bad + '"') << "surrogate";
  EXPECT_EQ(json_of("\xf4\x90\x80\x80"), '"' + bad + bad + bad + bad + '"') << "beyond";
  EXPECT_EQ(json_of("\xe2\x82x"), '"' + bad + bad + "x\"");
}

}  // namespace
}  // namespace kdump::capture
