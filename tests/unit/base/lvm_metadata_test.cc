// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/lvm_metadata.h"

#include "base/lvm_text.h"
#include "tests/support/lvm_builder.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump {
namespace {

using test::lvm_metadata_text;
using test::lvm_physical_volume;
using test::lvm_uuid;
using testing::HasSubstr;

class LvmMetadata : public testing::Test {
 protected:
  [[nodiscard]] Result<std::string> read(const std::string& bytes) const {
    tree_.write("/pv", bytes);
    return read_lvm_metadata(tree_.path("/pv"));
  }
  test::TempTree tree_;
};

TEST_F(LvmMetadata, IsFoundBehindTheLabel) {
  const std::string text = lvm_metadata_text();
  EXPECT_EQ(read(lvm_physical_volume(text)).value_or(""), text);
}

TEST_F(LvmMetadata, WrapsAroundTheEndOfItsArea) {
  const std::string text = lvm_metadata_text();
  EXPECT_EQ(read(lvm_physical_volume(text, 65536 - 512)).value_or(""), text);
}

TEST_F(LvmMetadata, DamageIsRefused) {
  const std::string good = lvm_physical_volume(lvm_metadata_text());
  struct Row {
    std::size_t at;
    const char* error;
  };
  for (const Row& row : {Row{512, "no LVM physical volume"},
                         Row{512 + 21, "label is damaged"},
                         Row{4096 + 4, "area is damaged"},
                         Row{4096 + 47, "area is damaged"},
                         Row{4096 + 55, "area is damaged"},
                         Row{4096 + 600, "wrong checksum"}}) {
    std::string bytes = good;
    bytes[row.at] = static_cast<char>(bytes[row.at] ^ 0x7f);
    const auto text = read(bytes);
    ASSERT_FALSE(text) << row.at;
    EXPECT_THAT(text.error().message, HasSubstr(row.error));
  }
  EXPECT_FALSE(read("short"));
  EXPECT_FALSE(read(good.substr(0, 5000)));
}

TEST_F(LvmMetadata, LinearPartsInOrder) {
  const auto volume = find_lvm_volume(lvm_metadata_text(), lvm_uuid('L'));
  ASSERT_TRUE(volume) << volume.error().message;
  EXPECT_EQ(*volume,
            (LvmVolume{"vg",
                       "lin",
                       7,
                       {{0, 81920, 0, {{lvm_uuid('A'), 2048}}},
                        {81920, 40960, 0, {{lvm_uuid('B'), 2048 + 3 * 8192}}}}}));
}

TEST_F(LvmMetadata, Stripes) {
  const auto volume = find_lvm_volume(lvm_metadata_text(), lvm_uuid('S'));
  ASSERT_TRUE(volume) << volume.error().message;
  EXPECT_EQ(
      volume->segments.at(0),
      (LvmSegment{
          0, 32768, 128, {{lvm_uuid('A'), 2048 + 10 * 8192}, {lvm_uuid('B'), 2048 + 8 * 8192}}}));
}

TEST_F(LvmMetadata, AThinVolumeBringsItsPool) {
  const auto volume = find_lvm_volume(lvm_metadata_text(), lvm_uuid('T'));
  ASSERT_TRUE(volume) << volume.error().message;
  EXPECT_THAT(volume->segments, testing::IsEmpty());
  EXPECT_EQ(
      volume->thin,
      (LvmThin{.device_id = 3,
               .length = 32768,
               .pool = "pool",
               .pool_uuid = lvm_uuid('P'),
               .chunk_size = 128,
               .zeroes_new_chunks = true,
               .metadata = {lvm_uuid('M'), {{0, 8192, 0, {{lvm_uuid('A'), 2048 + 20 * 8192}}}}},
               .data = {lvm_uuid('D'), {{0, 6 * 8192, 0, {{lvm_uuid('B'), 2048 + 30 * 8192}}}}}}));
}

TEST_F(LvmMetadata, WhatWouldBeWrittenWronglyIsUnsupported) {
  struct Row {
    char volume;
    const char* error;
  };
  for (const Row& row : {Row{'C', "'cache'"},
                         Row{'P', "'thin-pool'"},
                         Row{'E', "external origin"},
                         Row{'O', "is a snapshot or has one"},
                         Row{'W', "is a snapshot or has one"},
                         Row{'X', "'snapshot'"}}) {
    const auto volume = find_lvm_volume(lvm_metadata_text(), lvm_uuid(row.volume));
    ASSERT_FALSE(volume) << row.volume;
    EXPECT_EQ(volume.error().kind, ErrorKind::kUnsupported) << row.volume;
    EXPECT_THAT(volume.error().message, HasSubstr(row.error));
  }
  const auto none = find_lvm_volume(lvm_metadata_text(), lvm_uuid('N'));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
}

TEST_F(LvmMetadata, ADamagedPoolIsRefused) {
  struct Row {
    const char* good;
    const char* bad;
  };
  for (const Row& row : {Row{"device_id = 3", "device_id = 16777216"},
                         Row{"device_id = 3", "device_id = -1"},
                         Row{"chunk_size = 128", "chunk_size = 0"},
                         Row{"chunk_size = 128", "chunk_size = 2097153"},
                         Row{"thin_pool = \"pool\"", "thin_pool = \"lin\""},
                         Row{"thin_pool = \"pool\"", "thin_pool = \"away\""},
                         Row{"pool = \"pool_tdata\"", "pool = \"cached\""},
                         Row{"metadata = \"pool_tmeta\"", "metadata = \"away\""}}) {
    std::string text = lvm_metadata_text();
    for (std::size_t at = text.find(row.good); at != std::string::npos; at = text.find(row.good)) {
      text.replace(at, std::string_view(row.good).size(), row.bad);
    }
    EXPECT_FALSE(find_lvm_volume(text, lvm_uuid('T'))) << row.bad;
  }
}

TEST_F(LvmMetadata, EveryTruncationOfTheTextIsRefusedOrLacksTheVolume) {
  const std::string text = lvm_metadata_text();
  const std::size_t end = text.find("# Generated");
  for (std::size_t size = 0; size + 2 < end; ++size) {
    EXPECT_FALSE(find_lvm_volume(std::string_view(text).substr(0, size), lvm_uuid('S'))) << size;
  }
}

TEST(LvmText, HostileTextEndsInAnError) {
  for (const std::string& text : {std::string("a {"),
                                  std::string("a }"),
                                  std::string("a ="),
                                  std::string("a = ["),
                                  std::string("a = \"x"),
                                  std::string("= 1"),
                                  std::string("a = 99999999999999999999"),
                                  std::string(100'000, '['),
                                  "a = " + std::string(100'000, '[')}) {
    EXPECT_FALSE(parse_lvm_text(text)) << text.substr(0, 20);
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "a { ";
  EXPECT_FALSE(parse_lvm_text(deep));
  std::string out_of_range = lvm_metadata_text();
  out_of_range.replace(out_of_range.find("8192"), 4, "9223372036854775807");
  EXPECT_FALSE(find_lvm_volume(out_of_range, lvm_uuid('L')));
}

}  // namespace
}  // namespace kdump
