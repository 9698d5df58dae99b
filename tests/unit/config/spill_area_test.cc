// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/spill_area.h"

#include "base/fd.h"
#include "base/io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string kernel_log(std::size_t lines) {
  std::string out;
  std::uint32_t noise = 1;
  for (std::size_t i = 0; i < lines; ++i) {
    noise = noise * 1664525U + 1013904223U;
    out += fmt::format("[{:5}.0] pci {:08x}: something that the kernel says often\n", i, noise);
  }
  return out;
}

/// A device of 64 KiB.
class SpillArea : public testing::Test {
 protected:
  SpillArea() { EXPECT_EQ(::ftruncate(device_.raw(), kSize), 0); }

  void leave(std::string_view record, std::string_view dmesg) {
    const auto bytes = pack_spill_area(record, dmesg, kSize);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_LE(bytes->size(), kSize);
    ASSERT_TRUE(write_spill_area(device_.raw(), *bytes));
  }
  [[nodiscard]] SpillContent content() const {
    auto read = read_spill_area(device_.raw());
    EXPECT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read && *read);
    return read && *read ? **read : SpillContent();
  }
  [[nodiscard]] bool is_empty() const {
    const auto read = read_spill_area(device_.raw());
    EXPECT_TRUE(read) << read.error().message;
    return read && !*read;
  }
  void overwrite(std::uint64_t offset, std::string_view bytes) const {
    ASSERT_TRUE(write_all_at(device_.raw(), as_bytes(bytes), offset));
  }
  [[nodiscard]] std::string why_not() const {
    const auto read = read_spill_area(device_.raw());
    return read ? "it was read" : read.error().message;
  }

  static constexpr std::uint64_t kSize = kLeastSpillArea;
  Fd device_{::memfd_create("device", MFD_CLOEXEC)};
};

TEST_F(SpillArea, AnEmptyDeviceHoldsNothing) {
  EXPECT_TRUE(is_empty());
  EXPECT_FALSE(mark_spill_area_taken(device_.raw()));
}

TEST_F(SpillArea, WhatFitsLiesThereAsItIsAndIsTakenOnce) {
  leave("why\n", "panic\n");
  const SpillContent found = content();
  EXPECT_EQ(found.record, "why\n");
  EXPECT_EQ(found.dmesg, "panic\n");
  EXPECT_FALSE(found.is_cut);
  ASSERT_TRUE(mark_spill_area_taken(device_.raw()));
  EXPECT_TRUE(is_empty());
  leave("another\n", "");
  EXPECT_EQ(content().record, "another\n");
}

TEST_F(SpillArea, LongerMessagesArePacked) {
  const std::string log = kernel_log(2000);
  ASSERT_GT(log.size(), kSize);
  leave("why\n", log);
  EXPECT_EQ(content().dmesg, log);
  EXPECT_FALSE(content().is_cut);
}

TEST_F(SpillArea, OfWhatDoesNotFitPackedTheEndStays) {
  const std::string log = kernel_log(40'000);
  leave("why\n", log);
  const SpillContent found = content();
  EXPECT_TRUE(found.is_cut);
  EXPECT_GT(found.dmesg.size(), kSize) << "it is packed";
  EXPECT_TRUE(log.ends_with(found.dmesg));
  EXPECT_THAT(found.dmesg, StartsWith("[")) << "from the beginning of a line on";
}

TEST_F(SpillArea, ALongRecordLeavesRoomForTheMessages) {
  leave(std::string(kSize, 'r'), "panic\n");
  EXPECT_EQ(content().record, std::string((kSize - kSpillHeaderRoom) / 2, 'r'));
  EXPECT_EQ(content().dmesg, "panic\n");
}

TEST_F(SpillArea, ATooSmallAreaIsRefused) {
  EXPECT_FALSE(pack_spill_area("why", "panic", kLeastSpillArea - 1));
}

TEST_F(SpillArea, DamageIsNamed) {
  leave("why\n", kernel_log(2000));
  overwrite(kSpillHeaderRoom, "W");
  EXPECT_THAT(why_not(), HasSubstr("the record in the spill area has a wrong checksum"));
  overwrite(kSpillHeaderRoom, "w");
  overwrite(kSpillHeaderRoom + 100, "??");
  EXPECT_THAT(why_not(), HasSubstr("the kernel log in the spill area has a wrong checksum"));
  overwrite(offsetof(SpillHeader, record_size), "\xff");
  EXPECT_THAT(why_not(), HasSubstr("header has a wrong checksum"));
}

TEST_F(SpillArea, AWriteThatWasInterruptedLeavesNothing) {
  leave("old\n", "old\n");
  const auto bytes = pack_spill_area("new\n", kernel_log(900), kSize);
  ASSERT_TRUE(bytes);
  // What the device holds until the header is on it.
  overwrite(0, std::string(kSpillHeaderRoom, '\0'));
  overwrite(kSpillHeaderRoom, bytes->substr(kSpillHeaderRoom));
  EXPECT_TRUE(is_empty());
}

}  // namespace
}  // namespace kdump::config
