// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/luks_header.h"

#include "tests/support/luks_builder.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::HasSubstr;

Result<LuksSegment> read(const std::string& bytes) {
  const test::TempTree tree;
  tree.write("/device", bytes);
  return read_luks_segment(tree.path("/device"));
}

TEST(LuksHeader, SaysHowTheDataIsEncrypted) {
  const auto segment = read(test::luks_device_of_segment(test::kLuksSegment));
  ASSERT_TRUE(segment) << segment.error().message;
  EXPECT_EQ(segment->uuid, test::kLuksUuid);
  EXPECT_EQ(segment->cipher, "aes-xts-plain64");
  EXPECT_EQ(segment->offset, 32768U);
  EXPECT_EQ(segment->length, 0U);
  EXPECT_EQ(segment->iv_offset, 0U);
  EXPECT_EQ(segment->sector_size, 4096U);
}

TEST(LuksHeader, WhatIsNotOneMappingIsRefused) {
  const std::string crypt = test::kLuksSegment;
  const auto with = [&](const char* from, const char* to) {
    std::string segment = crypt;
    segment.replace(segment.find(from), std::string_view(from).size(), to);
    return test::luks_device_of_segment(segment);
  };
  std::string version_1 = test::luks_device_of_segment(crypt);
  version_1[7] = 1;
  std::string damaged = test::luks_device_of_segment(crypt);
  damaged[5000] = 'x';
  struct {
    std::string bytes;
    const char* says;
  } const table[] = {
      {version_1, "LUKS1 instead of LUKS2"},
      {damaged, "is damaged"},
      {std::string(16384, '\0'), "has no LUKS header"},
      {test::luks_device_of_segment(crypt).substr(0, 8000), "/device"},
      {test::luks_device("{\"segments\":{}}"), "not exactly one segment"},
      {test::luks_device("[1]"), "not exactly one segment"},
      {test::luks_device("{"), "holds no JSON"},
      {with("\"crypt\"", "\"linear\""), "not only encrypted"},
      {with("\"iv_tweak\"", "\"integrity\":{},\"iv_tweak\""), "not only encrypted"},
      {with("16777216", "0"), "header is on another device"},
      {with("16777216", "16777217"), "makes no sense"},
      {with("aes-xts-plain64", "aes 00 plain"), "makes no sense"},
      {with("4096", "\"x\""), "makes no sense"},
      {test::luks_device(
           R"({"segments":{"0":{}},"config":{"requirements":{"mandatory":["online-reencrypt"]}}})"),
       "it requires online-reencrypt"},
      {test::luks_device(R"({"config":{"requirements":{"mandatory":["a",[["b"]],"c"]}}})"),
       "it requires a, c"},
      {test::luks_device(R"({"config":{"requirements":{"mandatory":{"x":[]}}}})"),
       "it requires what is not understood"},
  };
  for (const auto& row : table) {
    const auto segment = read(row.bytes);
    ASSERT_FALSE(segment) << row.says;
    EXPECT_THAT(segment.error().message, HasSubstr(row.says));
  }
}

}  // namespace
}  // namespace kdump::mkdumprd
