// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/quoted_words.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

using testing::ElementsAreArray;
using Words = std::vector<std::string>;

TEST(QuotedWords, SplitsAsAShellDoes) {
  const std::vector<std::pair<std::string, Words>> table = {
      {"", {}},
      {"  \t ", {}},
      {"makedumpfile -l  -d 31", {"makedumpfile", "-l", "-d", "31"}},
      {"--mount \"/dev/sda1 /mnt ext4\" -o x", {"--mount", "/dev/sda1 /mnt ext4", "-o", "x"}},
      {"--append='a b'c", {"--append=a bc"}},
      {"\"\" x ''", {"", "x", ""}},
      {R"(a\ b \"c)", {"a b", "\"c"}},
      {R"("a\"b" "c\d" 'e\')", {"a\"b", "c\\d", "e\\"}},
      {"$HOME `id` *", {"$HOME", "`id`", "*"}},
  };
  for (const auto& [text, words] : table) {
    const auto result = split_quoted_words(text);
    ASSERT_TRUE(result) << text;
    EXPECT_THAT(*result, ElementsAreArray(words)) << text;
  }
}

TEST(QuotedWords, RefusesWhatIsNotClosed) {
  for (const char* text : {"\"a", "a 'b", "a\\", "\"a\\\""}) {
    const auto result = split_quoted_words(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, ErrorKind::kBadData);
  }
}

}  // namespace
}  // namespace kdump::config
