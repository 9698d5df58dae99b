// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/panic_cmdline.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

config::Sysconfig plain_settings() {
  config::Sysconfig settings;
  settings.commandline_append = "nr_cpus=1";
  return settings;
}

struct LineCase {
  const char* running;
  const char* expected;  // before "nr_cpus=1 rd.systemd.gpt_auto=no"
};

// Words must come out as they went in: what a shell would have made of them is in comments.
TEST(PanicCommandLine, KeepsWhatItDoesNotRemoveAsItIs) {
  const std::vector<LineCase> table = {
      {"ro console=ttyS0,115200 console=tty0 earlycon=uart", nullptr},
      {"foo= bar", nullptr},                             // foo= lost
      {"path=C:\\new\\tab", nullptr},                    // backslashes eaten
      {"-n -e x", nullptr},                              // swallowed by echo
      {"dyndbg=\"file a.c +p; file b.c +p\"", nullptr},  // quotes moved
      {"a=$(reboot) b=`x` c=* d=~ e='f g'", nullptr},
      {"net.ifnames=0 iommu=pt intel_iommu=on", nullptr},
      {"foo.crashkernel=1 xroot=2 rootwait panic_on_warnings", nullptr},
      {"single -- arg1 crash=1", "single"},
  };
  for (const LineCase& row : table) {
    CmdlineFacts facts;
    facts.running = row.running;
    const std::string kept = row.expected != nullptr ? row.expected : row.running;
    const std::string text = panic_command_line(plain_settings(), facts).text;
    EXPECT_TRUE(text.starts_with(kept + " nr_cpus=1 rd.systemd.gpt_auto=no")) << text;
  }
}

TEST(PanicCommandLine, ArgumentsOfInitStayBehindTheDashes) {
  CmdlineFacts facts;
  facts.running = "ro quiet -- single";
  EXPECT_EQ(panic_command_line(plain_settings(), facts).text,
            "ro quiet nr_cpus=1 rd.systemd.gpt_auto=no -- single");
}

TEST(PanicCommandLine, RemovesWhatAPanicKernelCannotUse) {
  CmdlineFacts facts;
  facts.running =
      "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.1 initrd=\\EFI\\i.img root=/dev/mapper/vg-root ro "
      "crashkernel=256M crashkernel=64M,low rd.lvm.lv=vg/root rd.lvm.lv=vg/swap "
      "rd.luks.uuid=luks-1 rd.md.uuid=1:2 rd.dm.uuid=3 netroot=iscsi:x rd.iscsi.initiator=i "
      "iscsi-initiator=j fcoe=eth0 resume=/dev/sda2 splash panic-on-warn=1 mem=4G memmap=1G@4G "
      "rdinit=/bin/sh elfcorehdr=0x1000 kho=on abm=1 default_hugepagesz=1G console=ttyS0";
  const PanicCommandLine line = panic_command_line(plain_settings(), facts);
  EXPECT_EQ(line.text, "ro console=ttyS0 nr_cpus=1 rd.systemd.gpt_auto=no");
  EXPECT_EQ(line.changes.size(), 24U + 2U);
}

TEST(PanicCommandLine, RemovesTheConfiguredNamesWhateverTheirValue) {
  config::Sysconfig settings = plain_settings();
  settings.commandline_remove = {"hugepages", "log_buf_len", "quiet"};
  CmdlineFacts facts;
  facts.running = "quiet hugepages=4 hugepages=8 log-buf-len=4M hugepagesz=2M quieter a=\"quiet\"";
  const PanicCommandLine line = panic_command_line(settings, facts);
  EXPECT_EQ(line.text, "hugepagesz=2M quieter a=\"quiet\" nr_cpus=1 rd.systemd.gpt_auto=no");
  using Kind = CmdlineChange::Kind;
  const std::string remove = "KDUMP_COMMANDLINE_REMOVE";
  EXPECT_THAT(
      line.changes,
      ElementsAre(CmdlineChange{Kind::kRemoved, "hugepages=4", remove},
                  CmdlineChange{Kind::kRemoved, "hugepages=8", remove},
                  CmdlineChange{Kind::kRemoved, "log-buf-len=4M", remove},
                  CmdlineChange{Kind::kRemoved, "quiet", remove},
                  CmdlineChange{Kind::kAdded, "nr_cpus=1", "KDUMP_COMMANDLINE_APPEND"},
                  CmdlineChange{Kind::kAdded,
                                "rd.systemd.gpt_auto=no",
                                "an image with systemd must not mount partitions by itself"}));
}

TEST(PanicCommandLine, AConfiguredLineReplacesTheRunningOne) {
  config::Sysconfig settings = plain_settings();
  settings.commandline = "console=hvc0 root=/dev/x";
  CmdlineFacts facts;
  facts.running = "quiet console=tty0";
  EXPECT_EQ(panic_command_line(settings, facts).text,
            "console=hvc0 nr_cpus=1 rd.systemd.gpt_auto=no");
}

TEST(PanicCommandLine, WhatIsAppendedIsNotRemovedAgain) {
  config::Sysconfig settings;
  settings.commandline_remove = {"swiotlb"};
  settings.commandline_append = "nr_cpus=1 swiotlb=noforce mem=2G";
  CmdlineFacts facts;
  facts.running = "swiotlb=65536";
  EXPECT_EQ(panic_command_line(settings, facts).text,
            "nr_cpus=1 swiotlb=noforce mem=2G rd.systemd.gpt_auto=no");
}

TEST(PanicCommandLine, TheBootCpuIsSparedWhenSeveralCpusAreUsed) {
  CmdlineFacts facts;
  facts.boot_cpu_apic_id = "2";
  const std::vector<std::pair<std::string, bool>> table = {
      {"nr_cpus=1", false},
      {"nr_cpus=4 nr_cpus=1", false},
      {"maxcpus=1", false},
      {"nosmp", false},
      {"nr_cpus=4", true},
      {"nr-cpus=2", true},
      {"", true},
  };
  for (const auto& [append, added] : table) {
    config::Sysconfig settings;
    settings.commandline_append = append;
    const std::string text = panic_command_line(settings, facts).text;
    EXPECT_EQ(text.find("disable_cpu_apicid=2") != std::string::npos, added) << text;
  }
}

TEST(PanicCommandLine, WatchdogsResetInsteadOfPanicking) {
  CmdlineFacts facts;
  facts.watchdogs = {"iTCO_wdt", "hpwdt"};
  EXPECT_THAT(panic_command_line(plain_settings(), facts).text,
              HasSubstr(" iTCO_wdt.pretimeout=0 hpwdt.pretimeout=0 hpwdt.kdumptimeout=0 "));
}

TEST(PanicCommandLine, GravitonDoesWithoutIrqpoll) {
  config::Sysconfig settings;
  settings.commandline_append = "irqpoll nr_cpus=1";
  CmdlineFacts facts;
  EXPECT_THAT(panic_command_line(settings, facts).text, HasSubstr("irqpoll"));
  facts.aws_arm = true;
  EXPECT_THAT(panic_command_line(settings, facts).text, Not(HasSubstr("irqpoll")));
}

TEST(PanicCommandLine, TheDefaultsOfAFedoraHost) {
  CmdlineFacts facts;
  facts.running =
      "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.8.5-301.fc40.x86_64 root=UUID=1-2 ro rootflags=subvol=root "
      "rhgb quiet crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M console=ttyS0";
  EXPECT_EQ(
      panic_command_line(config::sysconfig_defaults("x86_64"), facts).text,
      "ro rootflags=subvol=root rhgb console=ttyS0 irqpoll nr_cpus=1 reset_devices "
      "cgroup_disable=memory mce=off numa=off udev.children-max=2 panic=10 acpi_no_memhotplug "
      "transparent_hugepage=never nokaslr hest_disable novmcoredd cma=0 hugetlb_cma=0 "
      "pcie_ports=compat kfence.sample_interval=0 initramfs_options=size=90% "
      "rd.systemd.gpt_auto=no");
}

TEST(CmdlineFactsOfTheHost, AreRead) {
  const test::TempTree tree;
  tree.write("/proc/cmdline", "ro quiet\n");
  tree.write("/proc/cpuinfo",
             "processor\t: 0\napicid\t\t: 4\ninitial apicid\t: 6\n\nprocessor\t: 1\n"
             "initial apicid\t: 7\n");
  for (const auto& [name, state, module] : {std::tuple{"watchdog0", "active\n", "iTCO_wdt"},
                                            std::tuple{"watchdog1", "inactive\n", "softdog"},
                                            std::tuple{"watchdog2", "active\n", "iTCO_wdt"}}) {
    const std::string device = std::string("/sys/devices/") + name;
    tree.write(device + "/state", state);
    tree.make_directory("/sys/module/" + std::string(module));
    tree.make_directory("/sys/bus/platform/drivers/" + std::string(name));
    tree.link("/sys/bus/platform/drivers/" + std::string(name) + "/module",
              "../../../../module/" + std::string(module));
    tree.link(device + "/device/driver", "/sys/bus/platform/drivers/" + std::string(name));
    tree.link("/sys/class/watchdog/" + std::string(name), "../../devices/" + std::string(name));
  }
  const auto facts = read_cmdline_facts(tree.root());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->running, "ro quiet");
  EXPECT_EQ(facts->boot_cpu_apic_id, "6");
  EXPECT_THAT(facts->watchdogs, ElementsAre("iTCO_wdt"));
  EXPECT_FALSE(facts->aws_arm);
}

TEST(CmdlineFactsOfTheHost, AMachineWithoutApicAndWatchdog) {
  const test::TempTree tree;
  tree.write("/proc/cmdline", "ro\n");
  tree.write("/proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 243.75\n\n");
  const auto facts = read_cmdline_facts(tree.root());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->boot_cpu_apic_id, "");
  EXPECT_THAT(facts->watchdogs, IsEmpty());
  EXPECT_FALSE(read_cmdline_facts(test::TempTree().root()));
}

}  // namespace
}  // namespace kdump::ctl
