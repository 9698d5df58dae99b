// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/fence_facts.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using kdump::test::TempTree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCib = R"(<?xml version="1.0"?>
<cib crm_feature_set="3.0.14" epoch="9">
  <configuration>
    <!-- <primitive type="fence_kdump"/> <node uname="ghost"/> -->
    <nodes>
      <node id="1" uname="alpha"/>
      <node uname='beta' id="2"><instance_attributes id="x"/></node>
      <node id="3" uname="gamma.example"/>
    </nodes>
    <resources>
      <primitive class="stonith" id="kdump" type="fence_kdump"/>
    </resources>
  </configuration>
  <status><node_state id="1" uname="alpha"/></status>
</cib>
)";

TEST(FenceFacts, TheNodesOfAClusterThatWaitsAreFound) {
  EXPECT_THAT(fence_nodes_of_cib(kCib), ElementsAre("alpha", "beta", "gamma.example"));
  std::string other = kCib;
  other.replace(other.rfind("fence_kdump"), 11, "fence_ipmi_");
  EXPECT_THAT(fence_nodes_of_cib(other), IsEmpty()) << "only a comment says fence_kdump";
}

TEST(FenceFacts, DamagedXmlEnds) {
  const std::string whole = kCib;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    (void)fence_nodes_of_cib(whole.substr(0, size));
  }
  for (const char* text : {"<", "<node uname=", "<node uname=\"x", "<node =\"x\">", "<!--", "<>"}) {
    EXPECT_THAT(fence_nodes_of_cib(text), IsEmpty()) << text;
  }
}

TEST(FenceFacts, OptionsOfFenceKdumpSend) {
  const auto plan = parse_fence_options({"-p", "7411", "-f", "ipv4", "-v", "-i3", "--count=5"});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->port, 7411U);
  EXPECT_EQ(plan->interval, 3U);
  EXPECT_EQ(plan->count, 5U);
  const auto defaults = parse_fence_options({});
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->port, 7410U);
  EXPECT_EQ(defaults->interval, 10U);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"-p"}, {"-p", "0"}, {"-p", "70000"}, {"-i", "0"}, {"-x"}, {"node"}}) {
    const auto bad = parse_fence_options(words);
    ASSERT_FALSE(bad) << words.front();
    EXPECT_EQ(bad.error().kind, ErrorKind::kUsage);
  }
}

TEST(FenceFacts, NobodyWaitsForAHostOfItsOwn) {
  const TempTree tree;
  const auto facts = read_fence_facts(tree.root(), {});
  ASSERT_TRUE(facts);
  EXPECT_FALSE(*facts);
}

TEST(FenceFacts, PacemakersNodesButNotThisOne) {
  const TempTree tree;
  tree.write("/proc/sys/kernel/hostname", "beta.example\n");
  tree.write("/var/lib/pacemaker/cib/cib.xml", kCib);
  tree.write("/etc/sysconfig/fence_kdump", "# options\nFENCE_KDUMP_OPTS=\"-p 7500 -i 5\"\n");
  const auto facts = read_fence_facts(tree.root(), {});
  ASSERT_TRUE(facts && *facts);
  EXPECT_THAT((*facts)->nodes, ElementsAre("alpha", "gamma.example"));
  EXPECT_EQ((*facts)->plan.port, 7500U);
  EXPECT_EQ((*facts)->plan.interval, 5U);
}

TEST(FenceFacts, KdumpConfComesFirst) {
  const TempTree tree;
  tree.write("/var/lib/pacemaker/cib/cib.xml", kCib);
  config::KdumpConfig config;
  config.fence_kdump_nodes = {"192.0.2.1", "delta"};
  config.fence_kdump_args = {"-i", "2"};
  const auto facts = read_fence_facts(tree.root(), config);
  ASSERT_TRUE(facts && *facts);
  EXPECT_THAT((*facts)->nodes, ElementsAre("192.0.2.1", "delta"));
  EXPECT_EQ((*facts)->plan.interval, 2U);
  config.fence_kdump_args = {"--bad"};
  const auto bad = read_fence_facts(tree.root(), config);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("fence_kdump_args"));
}

}  // namespace
}  // namespace kdump::mkdumprd
