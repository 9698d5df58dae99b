// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/failure_import.h"

#include "config/failure_record.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;

constexpr const char* kRecord =
    "kdump failure record\n2026-11-03 04:05:06, capture kernel 6.1.0\n--- kdump-agent ---\n"
    "[ 1.0] kdump-agent: loading\n[ 2.0] kdump-agent: ERROR: no disk\n"
    "--- crashed kernel ---\n[ 9.0] EXT4-fs ERROR: not ours\n";
constexpr const char* kFile = "/var/crash/kdump-failure-2026-11-03-04:05:06.txt";

class FailureImport : public testing::Test {
 protected:
  [[nodiscard]] std::string fetch() const {
    const auto text = fetch_failure_record(tree_.root(), "/var/crash");
    EXPECT_TRUE(text) << text.error().message;
    return text ? text->value_or("nothing") : "";
  }
  test::TempTree tree_;
  std::string variable_ = std::string(config::kEfiVariables) + "/" + config::kFailureVariable;
};

TEST_F(FailureImport, WithoutARecordThereIsNothing) {
  EXPECT_EQ(fetch(), "nothing");
  tree_.write(variable_, std::string(config::kEfiAttributesSize, '\7'));
  tree_.write("/sys/fs/pstore/pmsg-ramoops-0", "some other program\n");
  tree_.write("/sys/fs/pstore/dmesg-efi-1", kRecord);
  EXPECT_EQ(fetch(), "nothing");
}

TEST_F(FailureImport, AnEfiVariableIsFetchedOnce) {
  tree_.write(variable_, std::string("\7\0\0\0", 4) + kRecord);
  EXPECT_EQ(fetch(),
            std::string("The last capture could save nothing: no disk (see ") + kFile + ")");
  EXPECT_EQ(tree_.read(kFile), kRecord);
  EXPECT_EQ(tree_.mode(kFile), 0600U);
  EXPECT_FALSE(tree_.exists(variable_));
  EXPECT_EQ(fetch(), "nothing");
}

TEST_F(FailureImport, PstoreHoldsItAmongOthers) {
  tree_.write("/sys/fs/pstore/pmsg-ramoops-0", std::string("logcat\nmore\n") + kRecord);
  EXPECT_THAT(fetch(), HasSubstr("no disk"));
  EXPECT_EQ(tree_.read(kFile), kRecord);
  EXPECT_FALSE(tree_.exists("/sys/fs/pstore/pmsg-ramoops-0"));
}

TEST_F(FailureImport, ADamagedRecordNamesNoOtherFile) {
  tree_.write(variable_, std::string("\7\0\0\0", 4) + "kdump failure record\n../../etc/x,\n");
  EXPECT_THAT(fetch(), HasSubstr("kdump-failure-unknown.txt"));
}

}  // namespace
}  // namespace kdump::ctl
