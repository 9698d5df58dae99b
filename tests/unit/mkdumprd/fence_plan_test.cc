// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/fence_plan.h"

#include "tests/unit/mkdumprd/recorded_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanFence : public testing::Test {
 protected:
  PlanFence() {
    host_.add_card(2, "eth0");
    host_.add_card(3, "eth1");
    host_.add_address(2, "192.0.2.7", 24);
    host_.add_address(3, "10.0.0.7", 24);
    host_.add_route("192.0.2.8", 2, "192.0.2.7");
    host_.add_route("10.0.0.9", 3, "10.0.0.7");
    host_.names["beta"] = {ip("192.0.2.8")};
    host_.names["gamma"] = {ip("10.0.0.9")};
  }
  Result<std::optional<FencePlan>> plan() {
    return plan_fence(tree_.root(), host_, config_, warnings_);
  }

  kdump::test::TempTree tree_;
  test::RecordedNetwork host_{tree_};
  config::KdumpConfig config_;
  std::vector<std::string> warnings_;
};

TEST_F(PlanFence, WithoutNodesThereIsNone) {
  const auto planned = plan();
  ASSERT_TRUE(planned);
  EXPECT_FALSE(*planned);
}

TEST_F(PlanFence, EveryNodeIsReachedOverItsOwnCard) {
  config_.fence_kdump_nodes = {"beta", "gamma"};
  config_.fence_kdump_args = {"-i", "5"};
  const auto planned = plan();
  ASSERT_TRUE(planned && *planned);
  const FencePlan& fence = **planned;
  EXPECT_THAT(fence.fence.addresses, ElementsAre("192.0.2.8", "10.0.0.9"));
  EXPECT_EQ(fence.fence.interval, 5U);
  ASSERT_EQ(fence.network.interfaces.size(), 2U);
  EXPECT_EQ(fence.network.interfaces[0].name, "eth0");
  EXPECT_EQ(fence.network.interfaces[1].name, "eth1");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(PlanFence, ANodeThatIsNotFoundIsAWarning) {
  config_.fence_kdump_nodes = {"omega", "beta"};
  const auto planned = plan();
  ASSERT_TRUE(planned && *planned);
  EXPECT_THAT((*planned)->fence.addresses, ElementsAre("192.0.2.8"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("no fence_kdump messages to omega")));
  config_.fence_kdump_nodes = {"omega"};
  const auto none = plan();
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(MergeNetwork, TheSameTwiceIsOnce) {
  config::PlannedNetwork one;
  one.node_name = "a";
  one.interfaces = {{"eth0", config::PlannedEthernet{}, "", 0, {{"192.0.2.7", 24}}}};
  one.routes = {{"192.0.2.8", 32, "", "eth0", ""}};
  config::PlannedNetwork sum = one;
  merge_network(sum, one);
  EXPECT_EQ(sum, one);
  config::PlannedNetwork other = one;
  other.interfaces[0].addresses = {{"2001:db8::7", 64}};
  other.routes[0].destination = "192.0.2.9";
  merge_network(sum, other);
  EXPECT_EQ(sum.interfaces.size(), 1U);
  EXPECT_EQ(sum.interfaces[0].addresses.size(), 2U);
  EXPECT_EQ(sum.routes.size(), 2U);
}

}  // namespace
}  // namespace kdump::mkdumprd
