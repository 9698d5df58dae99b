// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/verbs.h"

#include "tests/unit/kdumpctl/reboot/fake_reboot.h"

#include <gmock/gmock.h>

namespace kdump::ctl::reboot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kListJobs = "systemctl list-jobs --no-legend --no-pager --full";
constexpr const char* kRebootJob = "77 reboot.target start waiting\n78 x.service stop running\n";
constexpr const char* kRecord = "/var/lib/kdump/fast-reboot.json";
constexpr const char* kDefaultKexec =
    "LOAD_KEXEC=true\nKERNEL_IMAGE=/vmlinuz\nINITRD=/initrd.img\nAPPEND=\"\"\n";

void lose_a_fast_reboot(const FakeReboot& host) {
  host.tree.write(kRecord, R"({"boot_id": "zero", "kernel": "/v", "at": "then", "lost": true})");
}

TEST(FastReboot, AsksLoadsAndLeavesThroughSystemd) {
  FakeReboot host;
  EXPECT_EQ(host.run_verb(run_fast_reboot, {}), 0) << host.messages;
  EXPECT_THAT(
      host.questions,
      ElementsAre("Do you want to perform a fast reboot (without hardware reboot) ? (y/n)"));
  ASSERT_THAT(host.loads, SizeIs(1));
  EXPECT_EQ(host.loads[0].command_line, "root=/dev/vda1 ro a=menu");
  EXPECT_THAT(host.commands, ElementsAre("systemctl kexec"));
  EXPECT_THAT(host.messages, HasSubstr("kernel: /boot/vmlinuz-6.1.0-9-amd64\n"));
  EXPECT_THAT(host.messages, HasSubstr("initrd: /boot/initrd.img-6.1.0-9-amd64\n"));
  EXPECT_THAT(host.messages, HasSubstr("command line: root=/dev/vda1 ro a=menu\n"));
  EXPECT_THAT(host.tree.read(kRecord), HasSubstr("\"boot_id\": \"first\""));
}

TEST(FastReboot, NothingHappensUnlessAgreed) {
  for (const char* answer : {"n", "", "no", "yy", "reboot"}) {
    FakeReboot host;
    host.answer = answer;
    EXPECT_EQ(host.run_verb(run_fast_reboot, {}), 1);
    EXPECT_THAT(host.loads, IsEmpty());
    EXPECT_THAT(host.commands, IsEmpty());
    EXPECT_FALSE(host.tree.exists(kRecord));
  }
}

TEST(FastReboot, NeedsATerminalOrYes) {
  FakeReboot host;
  host.terminal = false;
  EXPECT_EQ(host.run_verb(run_fast_reboot, {}), 1);
  EXPECT_THAT(host.messages, HasSubstr("there is no terminal; say --yes"));
  EXPECT_THAT(host.commands, IsEmpty());
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"--yes"}), 0);
  EXPECT_THAT(host.questions, IsEmpty());
  EXPECT_THAT(host.commands, ElementsAre("systemctl kexec"));
}

TEST(FastReboot, NeedsSystemd) {
  FakeReboot host;
  std::filesystem::remove(host.tree.path("/run/systemd/system"));
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"--yes"}), 1);
  EXPECT_THAT(host.messages, HasSubstr("systemd does not run this host"));
  EXPECT_THAT(host.loads, IsEmpty());
}

TEST(FastReboot, ADryRunChangesNothing) {
  FakeReboot host;
  host.terminal = false;
  host.set_grubenv("next_entry=once\n");
  const std::string before = host.tree.read("/boot/grub/grubenv");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"--dry-run"}), 0) << host.messages;
  EXPECT_THAT(host.messages, HasSubstr("a=once"));
  EXPECT_THAT(host.loads, IsEmpty());
  EXPECT_THAT(host.commands, IsEmpty());
  EXPECT_EQ(host.tree.read("/boot/grub/grubenv"), before);
}

TEST(FastReboot, AChoiceForOneBootIsHonouredAndCleared) {
  FakeReboot host;
  host.set_grubenv("next_entry=once\nsaved_entry=debian\n");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0) << host.messages;
  EXPECT_EQ(host.loads.at(0).command_line, "root=/dev/vda1 ro a=once");
  EXPECT_THAT(host.tree.read("/boot/grub/grubenv"), Not(HasSubstr("next_entry")));
  EXPECT_THAT(host.tree.read("/boot/grub/grubenv"), HasSubstr("saved_entry=debian\n"));
}

TEST(FastReboot, AFailedLoadLeavesTheHostAsItIs) {
  FakeReboot host;
  host.set_grubenv("next_entry=once\n");
  host.load_error = make_error(ErrorKind::kSystem, "the kernel refuses");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 1);
  EXPECT_THAT(host.messages, HasSubstr("the kernel refuses"));
  EXPECT_THAT(host.commands, IsEmpty());
  EXPECT_FALSE(host.tree.exists(kRecord));
  EXPECT_THAT(host.tree.read("/boot/grub/grubenv"), HasSubstr("next_entry=once"));
}

TEST(FastReboot, AfterOneThatDidNotComeUpItGoesThroughTheFirmware) {
  FakeReboot host;
  lose_a_fast_reboot(host);
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  EXPECT_THAT(host.messages,
              HasSubstr("WARNING: No fast reboot: the last fast reboot (to /v, then UTC) did not"));
  EXPECT_THAT(host.loads, IsEmpty());
  EXPECT_THAT(host.commands, ElementsAre("SYSTEMCTL_SKIP_AUTO_KEXEC=1 systemctl reboot"));
  host.commands.clear();
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y", "--retry"}), 0) << host.messages;
  EXPECT_THAT(host.commands, ElementsAre("systemctl kexec"));
}

TEST(FastReboot, ADeniedHostIsAskedWhetherItShallRebootColdInstead) {
  FakeReboot host;
  host.tree.write("/etc/kdump-fast-reboot.conf", "deny dmi product_name=*\n");
  host.tree.write("/sys/class/dmi/id/product_name", "X\n");
  host.answer = "n";
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"--retry"}), 1);
  EXPECT_THAT(host.questions, ElementsAre(HasSubstr("through the firmware instead ? (y/n)")));
  EXPECT_THAT(host.commands, IsEmpty());
  host.tree.write("/etc/kdump-fast-reboot.conf", "deny everything\n");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 1);
  EXPECT_THAT(host.messages, HasSubstr("kdump-fast-reboot.conf:1: deny needs what it is about"));
  EXPECT_THAT(host.commands, IsEmpty());
}

TEST(FastReboot, TheWatchdogIsArmedWhereThereIsOne) {
  FakeReboot host;
  host.tree.write("/sys/class/watchdog/watchdog0/identity", "iTCO_wdt\n");
  host.tree.write("/sys/class/watchdog/watchdog0/status", "0x0\n");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  EXPECT_THAT(host.commands,
              ElementsAre("busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                          "org.freedesktop.systemd1.Manager KExecWatchdogUSec t 300000000",
                          "systemctl kexec"));
  EXPECT_THAT(host.messages, HasSubstr("iTCO_wdt (watchdog0) resets the host if the next kernel"));
  host.tree.write("/sys/class/watchdog/watchdog0/status", "0x4\n");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  EXPECT_THAT(host.messages, HasSubstr("watchdog.stop_on_reboot=0"));
  host.commands.clear();
  host.tree.write("/etc/kdump-fast-reboot.conf", "watchdog off\n");
  EXPECT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  EXPECT_THAT(host.commands, ElementsAre("systemctl kexec"));
}

TEST(ColdReboot, UnloadsAndTellsSystemd) {
  FakeReboot host;
  ASSERT_EQ(host.run_verb(run_kexec, {"load"}), 0) << host.messages;
  EXPECT_TRUE(host.loaded());
  EXPECT_EQ(host.run_verb(run_cold_reboot, {}), 0) << host.messages;
  EXPECT_FALSE(host.loaded());
  EXPECT_TRUE(host.tree.exists("/run/kdump/cold-reboot"));
  EXPECT_THAT(host.commands, ElementsAre("SYSTEMCTL_SKIP_AUTO_KEXEC=1 systemctl reboot"));
  // At the stop of the service nothing is loaded again.
  host.tree.write("/etc/default/kexec", kDefaultKexec);
  host.jobs = kRebootJob;
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0) << host.messages;
  EXPECT_FALSE(host.loaded());
  EXPECT_EQ(host.run_verb(run_kexec, {"jump"}), 0);
  EXPECT_THAT(host.commands, Not(testing::Contains(HasSubstr("kexec"))));
}

TEST(ColdReboot, GoesOnWhenUnloadingIsForbidden) {
  FakeReboot host;
  ASSERT_EQ(host.run_verb(run_kexec, {"load"}), 0);
  host.unload_error = make_error(ErrorKind::kSystem, "lockdown");
  EXPECT_EQ(host.run_verb(run_cold_reboot, {}), 0);
  EXPECT_THAT(host.messages, HasSubstr("WARNING: lockdown"));
  EXPECT_THAT(host.commands, SizeIs(1));
}

TEST(ColdReboot, WhatSystemdRefusesLeavesNoTrace) {
  FakeReboot host;
  host.run_error = make_error(ErrorKind::kSystem, "inhibited");
  EXPECT_EQ(host.run_verb(run_cold_reboot, {}), 1);
  EXPECT_FALSE(host.tree.exists("/run/kdump/cold-reboot"));
}

TEST(Service, ARebootIsMadeFastWhenConfigured) {
  FakeReboot host;
  host.tree.write("/etc/default/kexec", kDefaultKexec);
  host.jobs = kRebootJob;
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0) << host.messages;
  ASSERT_THAT(host.loads, SizeIs(1));
  EXPECT_EQ(host.loads[0].command_line, "BOOT_IMAGE=/v root=/dev/vda1 ro quiet");
  EXPECT_TRUE(host.tree.exists(kRecord));
  EXPECT_EQ(host.run_verb(run_kexec, {"jump"}), 0);
  EXPECT_THAT(host.commands, ElementsAre(kListJobs, "systemctl --force --no-wall kexec"));
}

TEST(Service, WhatIsLoadedAlreadyIsKept) {
  FakeReboot host;
  host.tree.write("/etc/default/kexec", kDefaultKexec);
  host.tree.write("/sys/kernel/kexec_loaded", "1\n");
  host.jobs = kRebootJob;
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0);
  EXPECT_THAT(host.loads, IsEmpty());
  EXPECT_TRUE(host.tree.exists("/run/kdump/jump"));
}

TEST(Service, NothingHappensOtherwise) {
  struct Row {
    const char* jobs;
    const char* settings;
  };
  for (const auto& [jobs, settings] :
       std::vector<Row>{{"", kDefaultKexec},
                        {"77 poweroff.target start waiting\n", kDefaultKexec},
                        {"77 halt.target start waiting\n", kDefaultKexec},
                        {"77 reboot.target stop waiting\n", kDefaultKexec},
                        {kRebootJob, ""},
                        {kRebootJob, "LOAD_KEXEC=false\nKERNEL_IMAGE=/vmlinuz\n"}}) {
    FakeReboot host;
    host.tree.write("/etc/default/kexec", settings);
    host.jobs = jobs;
    EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0);
    EXPECT_THAT(host.loads, IsEmpty());
    EXPECT_FALSE(host.tree.exists("/run/kdump/jump"));
    EXPECT_FALSE(host.tree.exists(kRecord));
  }
}

TEST(Service, DebiansNoKexecRebootIsHonouredOnce) {
  FakeReboot host;
  host.tree.write("/etc/default/kexec", kDefaultKexec);
  host.tree.write("/no-kexec-reboot", "");
  host.jobs = kRebootJob;
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0);
  EXPECT_THAT(host.loads, IsEmpty());
  EXPECT_FALSE(host.tree.exists("/no-kexec-reboot"));
}

TEST(Service, WhatFailsLeavesAnOrdinaryReboot) {
  FakeReboot host;
  host.jobs = kRebootJob;
  host.tree.write("/etc/default/kexec", "LOAD_KEXEC=true\nKERNEL_IMAGE=/gone\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 1);
  EXPECT_THAT(host.messages, HasSubstr("/gone does not exist"));
  host.tree.write("/etc/default/kexec", "LOAD_KEXEC=true\nKERNEL_IMAGE=`x`\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 1);
  EXPECT_THAT(host.messages, HasSubstr("/etc/default/kexec:2: a command substitution"));
  host.tree.write("/etc/default/kexec", kDefaultKexec);
  lose_a_fast_reboot(host);
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0);
  EXPECT_THAT(host.messages, HasSubstr("did not come up"));
  EXPECT_FALSE(host.tree.exists("/run/kdump/jump"));
  EXPECT_THAT(host.loads, IsEmpty());
}

TEST(Service, AKexecOfSystemdIsNotedToo) {
  FakeReboot host;
  host.set_grubenv("next_entry=once\n");
  ASSERT_EQ(host.run_verb(run_kexec, {"load"}), 0) << host.messages;
  EXPECT_THAT(host.tree.read("/boot/grub/grubenv"), HasSubstr("next_entry=once"));
  host.jobs = "77 kexec.target start waiting\n";
  EXPECT_EQ(host.run_verb(run_kexec, {"depart"}), 0) << host.messages;
  EXPECT_TRUE(host.tree.exists(kRecord));
  EXPECT_THAT(host.tree.read("/boot/grub/grubenv"), Not(HasSubstr("next_entry")));
}

TEST(Service, ArrivalIsReported) {
  FakeReboot host;
  ASSERT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  host.tree.write("/proc/sys/kernel/random/boot_id", "second\n");
  host.tree.write("/proc/sys/kernel/bootloader_type", "208\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"arrive"}), 0);
  EXPECT_EQ(host.messages, "kdump: This boot came up by a fast reboot\n");
  ASSERT_EQ(host.run_verb(run_fast_reboot, {"-y"}), 0);
  host.tree.write("/proc/sys/kernel/random/boot_id", "third\n");
  host.tree.write("/proc/sys/kernel/bootloader_type", "114\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"arrive"}), 0);
  EXPECT_THAT(host.messages, HasSubstr("WARNING: The last fast reboot did not come up"));
}

TEST(Kexec, StatusSaysWhatIsLoaded) {
  FakeReboot host;
  EXPECT_EQ(host.run_verb(run_kexec, {"status"}), 3);
  EXPECT_EQ(host.messages, "kdump: No kernel is loaded for a fast reboot\n");
  ASSERT_EQ(host.run_verb(run_kexec, {"load", "--entry", "once", "--append=root=/dev/vda1 x"}), 0)
      << host.messages;
  EXPECT_EQ(host.run_verb(run_kexec, {"status"}), 0);
  EXPECT_EQ(host.messages,
            "kdump: /boot/vmlinuz-6.1.0-9-amd64 is loaded for a fast reboot\n"
            "kdump: initrd: /boot/initrd.img-6.1.0-9-amd64\n"
            "kdump: command line: root=/dev/vda1 x\n"
            "kdump: chosen by: GRUB's entry once\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"unload"}), 0);
  EXPECT_FALSE(host.loaded());
  host.tree.write("/sys/kernel/kexec_loaded", "1\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"status"}), 0);
  EXPECT_EQ(host.messages, "kdump: A kernel is loaded for a fast reboot, but not by kdumpctl\n");
}

TEST(Kexec, TheLastChoiceOfACallCounts) {
  using Wish = kexec::SyscallWish;
  struct {
    std::vector<std::string> words;
    Wish wish;
  } const cases[] = {
      {{"load"}, Wish::kAuto},
      {{"load", "-s"}, Wish::kFileLoad},
      {{"load", "--kexec-file-syscall"}, Wish::kFileLoad},
      {{"load", "-c"}, Wish::kLoad},
      {{"load", "--kexec-syscall"}, Wish::kLoad},
      {{"load", "-s", "-c", "-a"}, Wish::kAuto},
      {{"load", "-a", "-c", "-s"}, Wish::kFileLoad},
      {{"load", "-sac"}, Wish::kLoad},
      {{"load", "-s", "--kexec-syscall-auto"}, Wish::kAuto},
  };
  for (const auto& c : cases) {
    FakeReboot host;
    EXPECT_EQ(host.run_verb(run_kexec, c.words), 0) << host.messages;
    ASSERT_THAT(host.loads, SizeIs(1));
    EXPECT_EQ(host.loads[0].syscall, c.wish) << fmt::format("{}", fmt::join(c.words, " "));
  }
}

TEST(Kexec, SaysByWhichCallAndWhetherThatWasWished) {
  FakeReboot host;
  host.loaded_by = {kexec::Syscall::kFileLoad, "the kernel is locked down", true};
  EXPECT_EQ(host.run_verb(run_kexec, {"load", "-c"}), 0);
  EXPECT_THAT(host.messages,
              HasSubstr("WARNING: the wish for the other call is not followed: kexec_file_load was "
                        "used, as the kernel is locked down\n"));
  EXPECT_THAT(host.messages, HasSubstr("by kexec_file_load (the kernel is locked down)\n"));
}

TEST(Kexec, LoadsThatAreLeftAreTold) {
  FakeReboot host;
  const char* const limit = "/proc/sys/kernel/kexec_load_limit_reboot";
  host.tree.write("/proc/sys/kernel/kexec_load_limit_panic", "1\n");
  for (const char* unlimited : {"-1\n", "nonsense\n"}) {
    host.tree.write(limit, unlimited);
    EXPECT_EQ(host.run_verb(run_kexec, {"load"}), 0);
    EXPECT_THAT(host.messages, Not(HasSubstr("kexec_load_limit")));
  }
  host.tree.write(limit, "2\n");
  EXPECT_EQ(host.run_verb(run_kexec, {"load"}), 0);
  EXPECT_THAT(host.messages,
              HasSubstr("WARNING: kernel.kexec_load_limit_reboot allows 2 more loads or unloads "
                        "until the next boot\n"));
}

TEST(Kexec, WhatIsNotUnderstood) {
  FakeReboot host;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"frobnicate"}, {"load", "now"}, {"status", "-x"}}) {
    EXPECT_EQ(host.run_verb(run_kexec, words), 1);
    EXPECT_THAT(host.messages, HasSubstr("See kdumpctl kexec --help"));
  }
  EXPECT_THAT(host.loads, IsEmpty());
}

}  // namespace
}  // namespace kdump::ctl::reboot
