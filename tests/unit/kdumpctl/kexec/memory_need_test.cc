// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/memory_need.h"

#include "tests/support/kexec_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::kexec {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;
constexpr std::uint64_t kPage = 4096;

TEST(MemoryNeed, ControlPagesGrowWithTheAddressesOfRam) {
  // 64 fixed, 1 for 512 GiB, 1 for the one GiB
  EXPECT_EQ(control_page_bytes(test::bios_host()), 66 * kPage);
  HostFacts host =
      test::host_with("00100000-7fffffff : System RAM\n100000000-ffffffffff : System RAM\n");
  EXPECT_EQ(control_page_bytes(host), (64 + 2 + 2 + 1020) * kPage);
  host.gigabyte_pages = true;
  EXPECT_EQ(control_page_bytes(host), (64 + 2 + 2 * 2) * kPage);
}

TEST(MemoryNeed, CmaAreasAreUsable) {
  EXPECT_EQ((Reservation{.region = {0, kMiB}, .cma_bytes = 5 * kMiB}.usable()), 6 * kMiB);
}

TEST(MemoryNeed, TheLowRegionCountsWithoutItsBounceBuffers) {
  const Range region{kGiB, kGiB + 256 * kMiB};
  EXPECT_EQ(Reservation{.region = region}.usable(), 256 * kMiB);
  EXPECT_EQ((Reservation{.region = region, .low = Range{0, 72 * kMiB}}.usable()), 264 * kMiB);
  EXPECT_EQ((Reservation{.region = region, .low = Range{0, 64 * kMiB}}.usable()), 256 * kMiB);
}

TEST(MemoryNeed, Fit) {
  const Range region{kGiB, kGiB + 192 * kMiB};
  const MemoryNeed exact{.segments = 100 * kMiB,
                         .alignment = 1 * kMiB,
                         .control_pages = 1 * kMiB,
                         .unpacked_initrd = 50 * kMiB,
                         .working_memory = 40 * kMiB};
  EXPECT_TRUE(check_fit(exact, {.region = region}));

  MemoryNeed more = exact;
  more.working_memory += 1;
  const auto status = check_fit(more, {.region = region});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(status.error().message,
              AllOf(HasSubstr("needs 193 MiB"),
                    HasSubstr("192 MiB are reserved"),
                    HasSubstr("raise crashkernel= by 1 MiB")));
  EXPECT_TRUE(check_fit(more, {.region = region, .low = Range{0, 72 * kMiB}}));
}

TEST(MemoryNeed, SegmentsCanUseNothingButTheRegion) {
  const MemoryNeed need{.segments = 200 * kMiB};
  const auto status = check_fit(
      need, {.region = {kGiB, kGiB + 192 * kMiB}, .low = Range{0, 512 * kMiB}, .cma_bytes = kGiB});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("raise crashkernel= by 8 MiB"));
}

TEST(MemoryNeed, HalfOfRam) {
  EXPECT_TRUE(check_half_of_ram(100 * kMiB, 200 * kMiB));
  const auto status = check_half_of_ram(100 * kMiB + 1, 200 * kMiB);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr("101 MiB"), HasSubstr("(100 MiB)")));
}

}  // namespace
}  // namespace kdump::kexec
