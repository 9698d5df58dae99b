// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/raw_import.h"

#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::ctl {
namespace {

using testing::EndsWith;

class RawImport : public testing::Test {
 protected:
  RawImport() {
    config_.target = config::RawTarget{"/dev/vdd1"};
    std::string stream = "makedumpfile";
    stream.resize(4096, '\0');
    host_.tree.write("/dev/vdd1", stream + "the rest");
  }
  Result<std::optional<std::string>> import() {
    return import_raw_dump({host_.tree.root(), Log("kdump", LogLevel::kError), host_}, config_);
  }
  /// Of the one folder that there is.
  [[nodiscard]] std::string file(const std::string& name) const {
    const auto names = host_.tree.root().list("/var/crash");
    return "/var/crash/" + (names && !names->empty() ? names->front() : "none") + "/" + name;
  }
  VerbHost host_;
  config::KdumpConfig config_;
};

TEST_F(RawImport, TheStreamBecomesAFileAndTheDeviceIsFreed) {
  const auto folder = import();
  ASSERT_TRUE(folder) << folder.error().message;
  ASSERT_TRUE(*folder);
  EXPECT_THAT(host_.tree.read(file("vmcore")), EndsWith("the rest"));
  EXPECT_EQ(host_.tree.mode(file("vmcore")), 0600U);
  EXPECT_EQ(host_.tree.read(file("vmcore-dmesg.txt")), "log");
  EXPECT_EQ(host_.tree.read("/dev/vdd1"), std::string(4096, '\0') + "the rest");
  const auto again = import();
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
}

TEST_F(RawImport, WithoutARawTargetOrADumpThereIsNothingToDo) {
  host_.tree.write("/dev/vdd1", "makedumpfileX");
  EXPECT_FALSE(import().value_or("something"));
  config_.target = config::PathTarget{};
  EXPECT_FALSE(import().value_or("something"));
}

TEST_F(RawImport, AStreamThatIsNotWholeIsKeptAsSuch) {
  host_.collector_error = make_error(ErrorKind::kSystem, "kdump-collect ended with exit code 1");
  const auto folder = import();
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_TRUE(host_.tree.exists(file("vmcore-incomplete")));
  EXPECT_FALSE(host_.tree.exists(file("vmcore")));
  EXPECT_FALSE(import().value_or("it is fetched once"));
}

TEST_F(RawImport, ADeviceIsFoundByItsPartitionsUuid) {
  host_.tree.write("/dev/disk/by-partuuid/12-34", host_.tree.read("/dev/vdd1"));
  config_.target = config::RawTarget{"PARTUUID=12-34"};
  EXPECT_TRUE(import().value_or(std::nullopt));
}

TEST_F(RawImport, ADumpOnAFallbackTargetIsFetchedToo) {
  config_.target = config::RawTarget{"/dev/vdc1"};  // is not there
  config_.fallback_targets = {config::PathTarget{}, config::RawTarget{"/dev/vdd1"}};
  EXPECT_TRUE(import().value_or(std::nullopt));
  EXPECT_FALSE(import()) << "of the other one nobody knows";
}

}  // namespace
}  // namespace kdump::ctl
