// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/legacy_args.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LegacyArgs, WordsWithAMeaning) {
  const auto args = parse_legacy_args({"--add-drivers",
                                       "one two",
                                       "--force-drivers=three,four",
                                       "-I",
                                       "/usr/bin/a b",
                                       "--install=c",
                                       "--include",
                                       "/from",
                                       "/to",
                                       "--with=five",
                                       "--mount",
                                       "/dev/sda1 /mnt ext4 rw"});
  ASSERT_TRUE(args) << args.error().message;
  EXPECT_THAT(args->extra.drivers, ElementsAre("one", "two", "three", "four", "five"));
  EXPECT_THAT(args->extra.programs, ElementsAre("/usr/bin/a", "b", "c"));
  EXPECT_THAT(args->extra.includes, ElementsAre(IncludedPath{"/from", "/to"}));
  EXPECT_THAT(args->extra.mounts, ElementsAre("/dev/sda1 /mnt ext4 rw"));
  EXPECT_THAT(args->ignored, IsEmpty());
  EXPECT_THAT(args->others, IsEmpty());
}

TEST(LegacyArgs, WordsWithoutAMeaningTakeTheirValuesAlong) {
  const auto args = parse_legacy_args({"--omit",
                                       "plymouth resume",
                                       "--hostonly",
                                       "-f",
                                       "-a",
                                       "network",
                                       "image",
                                       "--compress=xz",
                                       "-q"});
  ASSERT_TRUE(args);
  EXPECT_THAT(
      args->ignored,
      ElementsAre("--omit plymouth resume", "--hostonly", "-a network", "--compress=xz", "-q"));
  EXPECT_THAT(args->others, ElementsAre("-f", "image"));
}

TEST(LegacyArgs, MissingValue) {
  const auto driver = parse_legacy_args({"--add-drivers"});
  ASSERT_FALSE(driver);
  EXPECT_THAT(driver.error().message, HasSubstr("--add-drivers needs a value"));
  const auto include = parse_legacy_args({"--include", "/one"});
  ASSERT_FALSE(include);
  EXPECT_THAT(include.error().message, HasSubstr("needs two values"));
}

}  // namespace
}  // namespace kdump::mkdumprd
