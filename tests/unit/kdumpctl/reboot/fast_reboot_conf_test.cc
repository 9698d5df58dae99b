// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/fast_reboot_conf.h"

#include "base/io.h"
#include "tests/support/source_tree.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(FastRebootConf, TheShippedFileIsTheDefault) {
  const auto text = read_file(test::source_path("packaging/kdump-fast-reboot.conf"));
  ASSERT_TRUE(text);
  const auto checked = check_fast_reboot_conf(*text, "conf");
  EXPECT_THAT(checked.diagnostics, IsEmpty());
  EXPECT_THAT(checked.conf.deny, IsEmpty());
  EXPECT_EQ(checked.conf.watchdog, FastRebootConf().watchdog);
}

TEST(FastRebootConf, Watchdog) {
  EXPECT_EQ(check_fast_reboot_conf("watchdog off\n", "c").conf.watchdog.count(), 0);
  EXPECT_EQ(check_fast_reboot_conf("watchdog 60\n", "c").conf.watchdog.count(), 60);
}

TEST(FastRebootConf, BadInputNamesFileLineAndRemedy) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const auto& [text, message] : std::vector<Row>{
           {"\nallow pci 1:2\n", "c:2: there is no option \"allow\". Write"},
           {"deny\n", "c:1: deny needs what it is about. Write"},
           {"deny dmi\n", "c:1: deny needs what it is about. Write"},
           {"deny dmi product_name\n", "c:1: \"product_name\" is not FIELD=PATTERN. Name a file"},
           {"deny dmi ../../x=y\n", "is not FIELD=PATTERN"},
           {"deny dmi =y\n", "is not FIELD=PATTERN"},
           {"deny pci 10de\n", "c:1: \"10de\" is no PCI id. Write VENDOR:DEVICE"},
           {"deny pci :1\n", "is no PCI id"},
           {"watchdog soon\n", "c:1: watchdog needs a number of seconds. Write"},
           {"watchdog 3601\n", "watchdog needs a number of seconds"},
           {"watchdog\n", "watchdog needs a number of seconds"},
           {"deny dmi a=\"b\n", "c:1: "}}) {
    const auto checked = check_fast_reboot_conf(text, "c");
    ASSERT_THAT(checked.diagnostics, SizeIs(1)) << text;
    EXPECT_THAT(checked.diagnostics[0].to_string(), HasSubstr(message));
    EXPECT_TRUE(config::has_errors(checked.diagnostics));
    EXPECT_THAT(checked.conf.deny, IsEmpty());
  }
}

class DeniedBy : public testing::Test {
 protected:
  DeniedBy() {
    tree_.write("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
    tree_.write("/sys/class/dmi/id/product_name", "PowerEdge R650\n");
    tree_.write("/sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086\n");
    tree_.write("/sys/bus/pci/devices/0000:00:00.0/device", "0x1237\n");
    tree_.write("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    tree_.write("/sys/bus/pci/devices/0000:01:00.0/device", "0x1db4\n");
  }
  std::string rule(const std::string& text) {
    const auto checked = check_fast_reboot_conf(text, "c");
    EXPECT_THAT(checked.diagnostics, IsEmpty());
    return denied_by(checked.conf, tree_.root());
  }
  test::TempTree tree_;
};

TEST_F(DeniedBy, MachineAndDevices) {
  EXPECT_THAT(
      rule("# x\ndeny pci 10DE:*\n"),
      HasSubstr("/etc/kdump-fast-reboot.conf:2: deny pci 10de:* (0000:01:00.0 is 10de:1db4)"));
  EXPECT_THAT(rule("deny dmi sys_vendor=\"Dell Inc.\" product_name=\"PowerEdge R6?0\"\n"),
              HasSubstr(":1: deny dmi sys_vendor=Dell Inc. product_name=PowerEdge R6?0"));
  EXPECT_EQ(rule("deny pci 10de:1db5\ndeny pci 1234:*\n"), "");
  EXPECT_EQ(rule("deny dmi sys_vendor=\"Dell Inc.\" product_name=Other\n"), "");
  EXPECT_EQ(rule("deny dmi board_name=*\n"), "");  // not known here
  EXPECT_EQ(rule(""), "");
}

}  // namespace
}  // namespace kdump::ctl::reboot
