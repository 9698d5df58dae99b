// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/watchdog_facts.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WatchdogFacts, OnlyOnesThatRunInHardware) {
  const kdump::test::TempTree tree;
  EXPECT_FALSE(read_watchdogs(tree.root()).active);
  tree.write("/sys/class/watchdog/watchdog0/state", "inactive\n");
  tree.write("/sys/class/watchdog/watchdog1/state", "active\n");  // softdog: it has no device
  EXPECT_FALSE(read_watchdogs(tree.root()).active);

  tree.write("/sys/devices/pci0000:00/0000:00:1f.0/modalias", "pci:lpc\n");
  tree.write("/sys/devices/pci0000:00/0000:00:1f.0/iTCO_wdt/modalias", "platform:iTCO_wdt\n");
  tree.write("/sys/class/watchdog/watchdog2/state", "active\n");
  tree.link("/sys/class/watchdog/watchdog2/device",
            "../../../devices/pci0000:00/0000:00:1f.0/iTCO_wdt");
  const WatchdogFacts facts = read_watchdogs(tree.root());
  EXPECT_TRUE(facts.active);
  ASSERT_EQ(facts.wishes.size(), 2U);
  EXPECT_THAT(facts.wishes[0].aliases, ElementsAre("pci:lpc"));
  EXPECT_THAT(facts.wishes[1].aliases, ElementsAre("platform:iTCO_wdt"));
}

}  // namespace
}  // namespace kdump::mkdumprd
