// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace kdump {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return make_error(ErrorKind::kBadData, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  const int once = TRY(half(number));
  return TRY(half(once));
}

Status check(int number) {
  TRY(quarter(number));
  return {};
}

TEST(Result, TryPassesValuesAndReturnsErrors) {
  EXPECT_EQ(*quarter(12), 3);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "3 is odd");
  EXPECT_EQ(failed.error().kind, ErrorKind::kBadData);
  EXPECT_TRUE(check(4).has_value());
  EXPECT_FALSE(check(5).has_value());
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(made).take();
  EXPECT_EQ(*taken, 7);
}

TEST(Result, ValueOr) {
  EXPECT_EQ(half(3).value_or(-1), -1);
  EXPECT_EQ(half(8).value_or(-1), 4);
}

TEST(Error, ContextGoesInFront) {
  EXPECT_EQ(make_error(ErrorKind::kUsage, "no").with_context("start").message, "start: no");
}

TEST(Error, ErrnoDecidesTheKind) {
  EXPECT_EQ(system_error(ENOENT, "open {}", "/x").kind, ErrorKind::kNotFound);
  EXPECT_EQ(system_error(EIO, "read").kind, ErrorKind::kUnreadable);
  EXPECT_EQ(system_error(EPERM, "load").kind, ErrorKind::kSystem);
  EXPECT_EQ(system_error(EPERM, "load").code, EPERM);
  EXPECT_EQ(system_error(ENOENT, "open {}", "/x").message, "open /x: No such file or directory");
}

}  // namespace
}  // namespace kdump
