// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/suggestion.h"

#include <gtest/gtest.h>

#include <string>

namespace kdump::config {
namespace {

TEST(Suggestion, NamesTheClosest) {
  const std::vector<std::string_view> names = {"path", "ext3", "ext4", "core_collector", "raw"};
  EXPECT_EQ(suggestion("pth", names), "path");
  EXPECT_EQ(suggestion("core_colector", names), "core_collector");
  EXPECT_EQ(suggestion("coer_collector", names), "core_collector");
  EXPECT_EQ(suggestion("ext5", names), "ext3");  // the first of equally close ones
  EXPECT_EQ(suggestion("rw", names), "raw");
  EXPECT_EQ(suggestion("wart", names), std::nullopt);
  EXPECT_EQ(suggestion("", names), std::nullopt);
  EXPECT_EQ(suggestion(std::string(100000, 'x'), names), std::nullopt);
}

}  // namespace
}  // namespace kdump::config
