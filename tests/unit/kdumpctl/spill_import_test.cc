// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/spill_import.h"

#include "base/fd.h"
#include "config/failure_record.h"
#include "config/spill_area.h"
#include "kdumpctl/failure_import.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

constexpr const char* kRecord =
    "kdump failure record\n2026-11-03 04:05:06, capture kernel 6.1.0\n--- kdump-agent ---\n"
    "[ 2.0] kdump-agent: ERROR: no disk\n--- crashed kernel ---\n";
constexpr const char* kFile = "/var/crash/kdump-failure-2026-11-03-04:05:06.txt";
constexpr const char* kDmesg = "/var/crash/kdump-failure-2026-11-03-04:05:06-dmesg.txt";

class SpillImport : public testing::Test {
 protected:
  SpillImport() {
    config_.spill_device = config::SpillDevice{"/dev/vdd1", 0};
    tree_.write("/dev/vdd1", std::string(config::kLeastSpillArea, '\0'));
  }
  void leave(std::string_view record, std::string_view dmesg) const {
    const auto device = Fd::open(tree_.path("/dev/vdd1"), O_RDWR);
    ASSERT_TRUE(device);
    const auto bytes = config::pack_spill_area(record, dmesg, config::kLeastSpillArea);
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(config::write_spill_area(device->raw(), *bytes));
  }
  [[nodiscard]] std::string fetch() const {
    const auto text = fetch_spill_area(tree_.root(), config_, "/var/crash");
    return text ? text->value_or("nothing") : text.error().message;
  }
  test::TempTree tree_;
  config::KdumpConfig config_;
};

TEST_F(SpillImport, WithoutADeviceOrAnythingOnItThereIsNothing) {
  EXPECT_EQ(fetch(), "nothing");
  config_.spill_device.reset();
  EXPECT_EQ(fetch(), "nothing");
}

TEST_F(SpillImport, WhatIsThereBecomesFilesOnce) {
  leave(kRecord, "panic\n");
  EXPECT_THAT(fetch(), HasSubstr("could save nothing: no disk (see " + std::string(kFile)));
  EXPECT_EQ(tree_.read(kFile), kRecord);
  EXPECT_EQ(tree_.read(kDmesg), "panic\n");
  EXPECT_EQ(tree_.mode(kFile), 0600U);
  EXPECT_EQ(tree_.mode(kDmesg), 0600U);
  EXPECT_EQ(fetch(), "nothing");
}

TEST_F(SpillImport, TheFirmwaresCopyOfTheSameRecordIsNoNews) {
  leave(kRecord, "panic\n");
  const std::string variable = std::string(config::kEfiVariables) + "/" + config::kFailureVariable;
  tree_.write(variable, std::string("\7\0\0\0", 4) + kRecord + "panic\n");
  EXPECT_THAT(fetch(), HasSubstr("no disk"));
  const auto other = fetch_failure_record(tree_.root(), "/var/crash");
  ASSERT_TRUE(other);
  EXPECT_FALSE(*other);
  EXPECT_EQ(tree_.read(kFile), kRecord);
  EXPECT_FALSE(tree_.exists(variable));
}

TEST_F(SpillImport, DamageIsSaidAndNamesTheDevice) {
  leave(kRecord, "panic\n");
  std::string bytes = tree_.read("/dev/vdd1");
  bytes[config::kSpillHeaderRoom + 5] = '?';
  tree_.write("/dev/vdd1", bytes);
  EXPECT_THAT(fetch(), HasSubstr("/dev/vdd1: the record in the spill area has a wrong checksum"));
  EXPECT_FALSE(tree_.exists(kFile));
}

TEST_F(SpillImport, TheNewestRecordIsTold) {
  EXPECT_FALSE(newest_failure(tree_.root(), "/var/crash"));
  leave(kRecord, "panic\n");
  EXPECT_THAT(fetch(), HasSubstr("no disk"));
  tree_.write("/var/crash/kdump-failure-unknown.txt", "damaged");
  tree_.write("/var/crash/kdump-failure-2025-01-01-00:00:00.txt", "older");
  const auto newest = newest_failure(tree_.root(), "/var/crash");
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->date, "2026-11-03-04:05:06");
  EXPECT_EQ(newest->reason, "no disk");
  EXPECT_EQ(newest->dmesg_file, kDmesg);
}

}  // namespace
}  // namespace kdump::ctl
