// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

LoadPlan good_plan() {
  LoadPlan plan;
  plan.room = RangeSet({{0x10000000, 0x20000000}});
  plan.total_ram = 0x40000000;
  plan.segments = {
      {"kernel", std::vector<std::byte>(5000), PhysAddr(0x10000000), 0x3000},
      {"trampoline", std::vector<std::byte>(100), PhysAddr(0x10003000), 0x1000},
      {"elfcorehdr", std::vector<std::byte>(4096), PhysAddr(0x1ffff000), 0x1000},
  };
  plan.entry = PhysAddr(0x10003000);
  return plan;
}

TEST(SegmentCheck, AGoodPlanPasses) {
  const auto status = check_segments(good_plan());
  EXPECT_TRUE(status) << status.error().message;
}

TEST(SegmentCheck, EveryRuleOfTheKernel) {
  struct {
    const char* message;
    std::function<void(LoadPlan&)> damage;
  } const cases[] = {
      {"0 segments", [](LoadPlan& p) { p.segments.clear(); }},
      {"17 segments", [](LoadPlan& p) { p.segments.resize(17, p.segments[0]); }},
      {"is empty", [](LoadPlan& p) { p.segments[1].bytes.clear(); }},
      {"is empty", [](LoadPlan& p) { p.segments[1].memory_size = 0; }},
      {"whole pages", [](LoadPlan& p) { p.segments[1].address += 16; }},
      {"whole pages", [](LoadPlan& p) { p.segments[1].memory_size -= 1; }},
      {"larger than its room", [](LoadPlan& p) { p.segments[2].bytes.resize(4097); }},
      {"outside the reserved", [](LoadPlan& p) { p.segments[0].address = PhysAddr(0xffff000); }},
      {"outside the reserved", [](LoadPlan& p) { p.segments[2].memory_size = 0x2000; }},
      {"outside the reserved", [](LoadPlan& p) { p.segments[2].memory_size = ~0xfffULL; }},
      {"overlaps", [](LoadPlan& p) { p.segments[0].memory_size = 0x4000; }},
      {"overlaps", [](LoadPlan& p) { std::swap(p.segments[0], p.segments[2]); }},
      {"entry point 0x10004000", [](LoadPlan& p) { p.entry = PhysAddr(0x10004000); }},
      {"entry point 0x10003064", [](LoadPlan& p) { p.entry = PhysAddr(0x10003064); }},
      {"more than half", [](LoadPlan& p) { p.total_ram = 0x9000; }},
  };
  for (const auto& c : cases) {
    LoadPlan plan = good_plan();
    c.damage(plan);
    const auto status = check_segments(plan);
    ASSERT_FALSE(status) << c.message;
    EXPECT_THAT(status.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace kdump::kexec
