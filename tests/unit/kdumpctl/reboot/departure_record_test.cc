// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/departure_record.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::HasSubstr;

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
constexpr const char* kType = "/proc/sys/kernel/bootloader_type";
constexpr const char* kRecord = "/var/lib/kdump/fast-reboot.json";

class Record : public testing::Test {
 protected:
  Record() { tree_.write(kBootId, "first\n"); }
  void leave() {
    const auto now = departure_now(tree_.root(), "/boot/vmlinuz");
    ASSERT_TRUE(now);
    EXPECT_EQ(now->at.size(), 19U);
    ASSERT_TRUE(write_departure(tree_.root(), *now));
  }
  Arrival arrive() {
    const auto arrival = note_arrival(tree_.root());
    EXPECT_TRUE(arrival) << arrival.error().message;
    return arrival ? *arrival : Arrival::kNone;
  }
  test::TempTree tree_;
};

TEST_F(Record, AFastRebootThatCameUpIsForgotten) {
  EXPECT_EQ(arrive(), Arrival::kNone);
  leave();
  EXPECT_EQ(arrive(), Arrival::kNone);  // still the boot that is to be left
  EXPECT_TRUE(tree_.exists(kRecord));
  tree_.write(kBootId, "second\n");
  tree_.write(kType, "208\n");
  EXPECT_EQ(arrive(), Arrival::kCameUp);
  EXPECT_FALSE(tree_.exists(kRecord));
}

TEST_F(Record, OneThatDidNotIsRememberedUntilSomebodySaysOtherwise) {
  leave();
  tree_.write(kBootId, "second\n");
  tree_.write(kType, "114\n");  // GRUB
  EXPECT_EQ(arrive(), Arrival::kLost);
  tree_.write(kBootId, "third\n");
  tree_.write(kType, "208\n");
  EXPECT_EQ(arrive(), Arrival::kNone);
  const auto departure = read_departure(tree_.root());
  ASSERT_TRUE(departure && *departure);
  EXPECT_TRUE((*departure)->lost);
  EXPECT_EQ((*departure)->kernel, "/boot/vmlinuz");
  ASSERT_TRUE(forget_departure(tree_.root()));
  ASSERT_TRUE(forget_departure(tree_.root()));
  EXPECT_FALSE(*read_departure(tree_.root()));
}

TEST_F(Record, HowTheBootBegan) {
  EXPECT_EQ(booted_by_kexec(tree_.root()), std::nullopt);
  for (const auto& [type, kexec] :
       std::vector<std::pair<const char*, bool>>{{"208", true}, {"114", false}, {"176", false}}) {
    tree_.write(kType, std::string(type) + "\n");
    EXPECT_EQ(booted_by_kexec(tree_.root()), kexec) << type;
  }
  tree_.write("/proc/device-tree/chosen/linux,booted-from-kexec", "");
  EXPECT_EQ(booted_by_kexec(tree_.root()), true);
}

TEST_F(Record, ADamagedOneSaysSo) {
  for (const char* text : {"", "[]", "{}", "{\"boot_id\": 1}", "\xff"}) {
    tree_.write(kRecord, text);
    const auto departure = read_departure(tree_.root());
    ASSERT_FALSE(departure) << text;
    EXPECT_THAT(departure.error().message, HasSubstr("fast-reboot.json: is damaged"));
  }
}

}  // namespace
}  // namespace kdump::ctl::reboot
