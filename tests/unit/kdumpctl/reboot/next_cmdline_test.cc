// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/next_cmdline.h"

#include <gtest/gtest.h>

#include <vector>

namespace kdump::ctl::reboot {
namespace {

struct Row {
  const char* before;
  const char* after;
};

TEST(NextCommandLine, DropsWhatMustNotBeRepeated) {
  for (const auto& [before, after] : std::vector<Row>{
           {"BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.1 root=/dev/vda1 ro", "root=/dev/vda1 ro"},
           {"initrd=\\initrd.img root=/dev/vda1", "root=/dev/vda1"},
           {"a rhgb quiet b", "a b"},
           {"a crashkernel=1G-4G:192M,4G-64G:256M b", "a crashkernel=1G-4G:192M,4G-64G:256M b"},
           {"a single", "a"},
           {"a 1", "a"},
           {"a s S -b emergency rescue rd.emergency rd.rescue recovery forcefsck", "a"},
           {"a systemd.unit=rescue.target", "a"},
           {"a systemd.unit=emergency rd.systemd.unit=emergency.target", "a"},
           {"a systemd.unit=multi-user.target", "a systemd.unit=multi-user.target"},
           {"a systemd.run=/bin/x systemd.run_success_action=none systemd.run-failure-action=x",
            "a"},
           {"a \"systemd.run=/bin/x y\" b", "a b"},
           {"rd.break=mount rd.break break=bottom break a", "a"},
           {"init=/bin/sh a init=/sbin/init", "a init=/sbin/init"},
           {"init=/usr/bin/bash rdinit=/bin/busybox", ""},
           {"fsck.mode=force autorelabel=1 autorelabel systemd.debug-shell=1 a", "a"},
           {"elfcorehdr=0x1000 reset_devices irqpoll novmcoredd hest_disable a", "a"},
           {"acpi_no_memhotplug disable_cpu_apicid=0 dmcryptkeys=1 a", "a"},
           // Look-alikes stay, and so does what belongs to init.
           {"singleton=1 foo.single quieter xrhgb", "singleton=1 foo.single quieter xrhgb"},
           {"dyndbg=\"file quiet.c +p\" quiet", "dyndbg=\"file quiet.c +p\""},
           {"nr_cpus=4 panic=10 console=ttyS0", "nr_cpus=4 panic=10 console=ttyS0"},
           {"a -- single b", "a -- b"},
           {"", ""},
       }) {
    EXPECT_EQ(next_command_line(before, false).text, after) << before;
  }
}

TEST(NextCommandLine, KeepsQuietWhenAskedTo) {
  EXPECT_EQ(next_command_line("rhgb quiet single", true).text, "rhgb quiet");
}

TEST(NextCommandLine, SaysWhy) {
  const auto edited = next_command_line("quiet single elfcorehdr=1 BOOT_IMAGE=/v", false);
  ASSERT_EQ(edited.changes.size(), 4U);
  EXPECT_EQ(edited.changes[0].text, "BOOT_IMAGE=/v");
  EXPECT_EQ(edited.changes[0].reason, "it is the boot loader's own");
  EXPECT_EQ(edited.changes[1].reason, "it was meant for one boot");
  EXPECT_EQ(edited.changes[2].reason, "it is for panic kernels only");
}

}  // namespace
}  // namespace kdump::ctl::reboot
