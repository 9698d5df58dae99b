// SPDX-License-Identifier: GPL-2.0-or-later
// What the verbs do to the host; the wording of their messages is in bad_input_test.cc and the
// golden files.
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace kdump::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Verbs, ADayInTheLife) {
  VerbHost host;
  host.run("showmem");
  host.run("status");
  host.run("start");
  host.run("status");
  host.run("start");
  host.run("restart");
  host.run("reload");
  host.run("rebuild");
  host.run("stop");
  host.run("status");
  host.run("reload");
  test::expect_golden("kdumpctl/day.txt", host.transcript());
  EXPECT_THAT(host.builds, SizeIs(2));
  EXPECT_THAT(host.loads, SizeIs(4));
}

TEST(Verbs, StartBuildsAndLoadsWhatBelongsTogether) {
  VerbHost host;
  host.tree.write("/etc/sysconfig/kdump",
                  "KDUMP_COMMANDLINE_APPEND=nr_cpus=1\nMKDUMPRD_ARGS=\"--install 'a b'\"\n");
  host.run("start", LogLevel::kDebug);
  ASSERT_THAT(host.builds, SizeIs(1));
  EXPECT_EQ(host.builds[0].image, kVerbHostImage);
  EXPECT_EQ(host.builds[0].kernel_version, "6.1.0-9-amd64");
  EXPECT_THAT(host.builds[0].arguments, ElementsAre("--install", "a b"));
  EXPECT_TRUE(host.builds[0].debug);
  ASSERT_THAT(host.loads, SizeIs(1));
  EXPECT_EQ(host.loads[0].plan.kernel_path, host.tree.path(kVerbHostKernel));
  EXPECT_THAT(host.loads[0].plan.command_line,
              HasSubstr(" ro console=ttyS0 nr_cpus=1 rd.systemd.gpt_auto=no"));
  EXPECT_THAT(host.transcript(), HasSubstr("command line: without root=/dev/vda1 (the capture"));
}

TEST(Verbs, StartTakesAnImageThatIsCurrent) {
  VerbHost host;
  host.tree.write(kVerbHostImage, "070701 an older build\n");
  host.run("start");
  EXPECT_THAT(host.builds, IsEmpty());
  EXPECT_TRUE(host.loaded());
}

TEST(Verbs, AStaleImageIsBuiltAgainByRestartAndPointedOutByStart) {
  VerbHost host;
  host.run("start");
  host.tree.write("/etc/kdump.conf", "path /var/crash\nfinal_action halt\n");
  host.run("start");
  EXPECT_THAT(host.builds, SizeIs(1));
  host.run("status --why");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(2));
  host.run("status --why");
  host.tree.make_directory("/etc/kdump/pre.d");
  host.tree.write("/etc/kdump/pre.d/10-first", "#!/bin/sh\n");
  std::filesystem::permissions(host.tree.path("/etc/kdump/pre.d/10-first"),
                               std::filesystem::perms::owner_all);
  host.tree.write("/proc/self/mountinfo", "20 1 254:0 / / rw - xfs /dev/vda rw\n");
  host.tree.write("/etc/sysconfig/kdump", "MKDUMPRD_ARGS=\"--add-drivers nvme\"\n");
  host.run("status --why");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(3));
  test::expect_golden("kdumpctl/stale.txt", host.transcript());
}

TEST(Verbs, NewTimesOfOldContentBuildNothing) {
  VerbHost host;
  host.run("start");
  namespace fs = std::filesystem;
  for (const char* path : {"/etc/kdump.conf",
                           kVerbHostKernel,
                           "/usr/lib/modules/6.1.0-9-amd64"
                           "/kernel/virtio.ko"}) {
    fs::last_write_time(
        host.tree.path(path),
        fs::last_write_time(host.tree.path(kVerbHostImage)) + std::chrono::hours(1));
  }
  const std::string manifest = host.tree.read(std::string(kVerbHostImage) + ".manifest");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(1));
  // What was read once to find that out is not read again.
  EXPECT_NE(host.tree.read(std::string(kVerbHostImage) + ".manifest"), manifest);
}

TEST(Verbs, AnImageThatWasPutThereByHandIsJudgedByTime) {
  VerbHost host;
  host.run("start");
  host.tree.write(kVerbHostImage, "070701 another build, of which no manifest tells\n");
  host.tree.write("/usr/lib/modules/6.1.0-9-amd64/kernel/virtio.ko", "another module\n");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(1));
}

TEST(Verbs, RestartNeverUnloads) {
  VerbHost host;
  host.run("start");
  host.unload_error = make_error(ErrorKind::kSystem, "nobody may unload");
  host.run("restart");
  EXPECT_TRUE(host.loaded());
  EXPECT_THAT(host.loads, SizeIs(2));
}

TEST(Verbs, ReloadBuildsNothing) {
  VerbHost host;
  host.run("reload");
  EXPECT_THAT(host.builds, IsEmpty());
  EXPECT_THAT(host.loads, IsEmpty());
  EXPECT_THAT(host.transcript(), HasSubstr("No kdump initial ramdisk found."));
}

TEST(Verbs, ForceRebuildBuildsEachTimeAndForceNoRebuildNever) {
  VerbHost host;
  host.tree.write("/etc/kdump.conf", "force_rebuild 1\n");
  host.run("start");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(2));
  EXPECT_THAT(host.transcript(), HasSubstr("kdump: Force rebuild " + std::string(kVerbHostImage)));
  host.tree.write("/etc/kdump.conf", "force_no_rebuild 1\n");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(2));
  EXPECT_TRUE(host.loaded());
}

TEST(Verbs, StatusAndShowmemTakeNoLock) {
  VerbHost host;
  host.tree.make_directory("/run/lock/kdump");  // nobody can lock a folder
  host.run("status");
  host.run("showmem");
  host.run("stop");
  test::expect_golden("kdumpctl/no-lock.txt", host.transcript());
}

TEST(Verbs, StatusTellsWhatItKnows) {
  VerbHost host;
  host.run("status --json");
  host.run("start");
  host.tree.write("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore", "x");
  std::filesystem::last_write_time(
      host.tree.path("/var/crash/127.0.0.1-2026-11-03-04:05:06/vmcore"),
      std::chrono::file_clock::from_sys(
          std::chrono::sys_seconds(std::chrono::seconds(1795000000))));
  host.tree.write("/run/kdump/target.json",
                  R"({"verdict": "bad", "text": "there is no /dev/vdb", "remedy": "Plug it in",
                      "checked": 1795000000})");
  host.tree.write("/var/lib/kdump/vmcore-creation.status", "fail 1795000000-5\n");
  host.run("status");
  host.run("status --json");
  host.run("status --prometheus -");
  host.run("status --json --prometheus -");
  test::expect_golden("kdumpctl/status.txt", host.transcript());
}

TEST(Verbs, LastAndList) {
  VerbHost host;
  host.run("last");
  host.run("list");
  const std::string folder = "/var/crash/127.0.0.1-2026-11-0";
  host.tree.write(folder + "2-04:05:06/vmcore-incomplete", "12345");
  host.tree.write(folder + "2-04:05:06/kexec-dmesg.log",
                  "[1.0] kdump-agent: ERROR: cannot save vmcore: No space left on device\n");
  host.run("last");
  host.run("restart");
  host.run("restart");
  host.tree.write(folder + "3-04:05:06/vmcore", "1234");
  host.tree.write(folder + "3-04:05:06/vmcore-dmesg.txt",
                  "[9.1] Kernel panic - not syncing: sysrq triggered crash\n");
  host.tree.write(folder + "3-04:05:06/kexec-dmesg.log",
                  "[2.0] kdump-agent: memory: 90000 of 190000 KiB available at the lowest; "
                  "largest program 9000 KiB\n");
  host.run("last");
  host.run("last --json");
  host.run("list");
  host.run("list --json");
  host.run("restart");
  host.run("restart");
  host.tree.write("/etc/kdump.conf", "nfs server:/export\n");
  host.run("last");
  host.run("list");
  test::expect_golden("kdumpctl/last.txt", host.transcript());
}

TEST(Verbs, Verify) {
  VerbHost host;
  host.run("verify");
  host.run("start");
  host.tree.link("/etc/systemd/system/multi-user.target.wants/kdump.service", "/x");
  host.tree.write("/proc/self/mountinfo", "20 1 254:0 / / ro - ext4 /dev/vda ro\n");
  host.image_problems = {"no loader for /init"};
  host.run("verify");
  host.tree.write("/etc/kdump.conf", "pth /x\nfinal_action no\n");
  host.run("verify --json");
  test::expect_golden("kdumpctl/verify.txt", host.transcript());
}

TEST(Verbs, VerifyPassesOnAHostThatIsRight) {
  VerbHost host;
  host.run("start");
  host.tree.link("/etc/systemd/system/multi-user.target.wants/kdump.service", "/x");
  host.tree.write("/var/lib/kdump/vmcore-creation.status", "success 1795000000-5\n");
  host.run("verify");
  EXPECT_THAT(host.transcript(), HasSubstr("[exit 0, loaded]\n$ kdumpctl verify"));
  EXPECT_THAT(host.transcript(), Not(HasSubstr("FAIL")));
  EXPECT_THAT(host.transcript(), testing::EndsWith("[exit 0, loaded]\n"));
}

TEST(Verbs, AMaskedServiceIsNotEnabled) {
  VerbHost host;
  host.run("start");
  host.tree.link("/etc/systemd/system/multi-user.target.wants/kdump.service", "/x");
  host.tree.link("/etc/systemd/system/kdump.service", "/dev/null");
  host.run("verify");
  EXPECT_THAT(host.transcript(), HasSubstr("FAIL  service: kdump.service is masked"));
}

TEST(Verbs, ATestCrashesOnlyAfterAYes) {
  VerbHost host;
  host.run("test");
  host.run("start");
  host.run("test");
  EXPECT_FALSE(host.crashed);
  host.answer = true;
  host.run("test");
  EXPECT_TRUE(host.crashed);
  ASSERT_THAT(host.loads, SizeIs(2));
  EXPECT_THAT(host.loads.back().plan.command_line, HasSubstr(" kdump_test_id="));
  EXPECT_THAT(host.tree.read("/var/lib/kdump/vmcore-creation.status"),
              testing::MatchesRegex("pending [0-9]+-[0-9]+\n"));
}

TEST(Verbs, TheBootAfterATestSaysWhatCameOfIt) {
  VerbHost host;
  host.run("start");
  host.tree.write("/proc/stat", "cpu 0\nbtime 1795000100\n");
  host.tree.write("/var/lib/kdump/vmcore-creation.status", "pending 1795000000-5\n");
  host.run("start");
  EXPECT_EQ(host.tree.read("/var/lib/kdump/vmcore-creation.status"), "fail 1795000000-5\n");
  host.tree.write("/var/lib/kdump/vmcore-creation.status", "pending 1600000000-5\n");
  host.tree.write("/var/crash/127.0.0.1-2020-09-13-14:00:00/vmcore", "x");  // written today
  host.run("restart");
  EXPECT_EQ(host.tree.read("/var/lib/kdump/vmcore-creation.status"), "success 1600000000-5\n");
  host.tree.write("/etc/kdump.conf", "nfs server:/export\nforce_no_rebuild 1\n");
  host.tree.write("/var/lib/kdump/vmcore-creation.status", "pending 1600000000-5\n");
  host.run("restart");
  EXPECT_EQ(host.tree.read("/var/lib/kdump/vmcore-creation.status"), "manual 1600000000-5\n");
  host.run("rebuild");
  EXPECT_FALSE(host.tree.exists("/var/lib/kdump/vmcore-creation.status"));
}

TEST(Verbs, ConfigShowsWhereEachSettingComesFrom) {
  VerbHost host;
  host.tree.write("/etc/kdump.conf", "path /var/crash\next4 UUID=1234-5678\nfinal_action halt\n");
  host.tree.write("/etc/kdump.conf.d/10-site.conf", "nfs server:/export\n");
  host.tree.write("/etc/kdump.conf.d/20-host.conf",
                  "final_action poweroff\nfallback_target ext4 LABEL=dump\n");
  host.tree.write("/etc/kdump.conf.d/README", "not a drop-in");
  host.tree.write("/etc/sysconfig/kdump",
                  "KDUMP_COMMANDLINE_REMOVE=\nKDUMP_COMMANDLINE_APPEND=nr_cpus=1\n");
  host.run("config");
  host.tree.write("/etc/kdump.conf.d/30-wrong.conf", "pth /x\nfailure_action explode\n");
  host.run("config check");
  host.run("config check --json");
  host.run("config check " + host.tree.path("/etc/kdump.conf.d/10-site.conf"));
  host.run("config check " + host.tree.path("/etc/nothing.conf"));
  test::expect_golden("kdumpctl/config.txt", host.transcript());
}

TEST(Verbs, ImportConfigReportsEachSetting) {
  VerbHost host;
  const std::string debian = "/etc/default/kdump-tools";
  host.tree.write(debian,
                  "USE_KDUMP=1\nKDUMP_COREDIR=\"/srv/crash\"\nMAKEDUMP_ARGS=\"-c -d 31\"\n"
                  "SSH=\"kdump@logs\"\nNFS=\"filer:/dumps\"\nKDUMP_NUM_DUMPS=3\n"
                  "KDUMP_CMDLINE_APPEND=\"reset_devices nr_cpus=1\"\nFTP=x\n");
  host.run("import-config");
  host.run("import-config --write");
  host.run("import-config --write");
  EXPECT_EQ(host.tree.mode("/etc/kdump.conf.d/50-imported.conf"), 0644U);
  const std::string suse = host.tree.path("/suse");
  host.tree.write("/suse",
                  "KDUMP_SAVEDIR=\"ssh://kdump@logs/var/dumps\"\nKDUMP_DUMPLEVEL=31\n"
                  "KDUMP_DUMPFORMAT=\"lzo\"\nKDUMP_KEEP_OLD_DUMPS=5\nKDUMP_CPUS=32\n"
                  "KDUMP_IMMEDIATE_REBOOT=yes\nKDUMP_SMTP_SERVER=mail\n");
  host.run("import-config " + suse);
  host.tree.write("/other", "PATH=/bin\n");
  host.run("import-config " + host.tree.path("/other"));
  test::expect_golden("kdumpctl/import-config.txt", host.transcript());
}

TEST(Verbs, SetupCrypttab) {
  VerbHost host;
  host.run("setup-crypttab");
  host.tree.link("/sys/dev/block/254:0", "../../devices/virtual/block/dm-0");
  host.tree.write("/sys/devices/virtual/block/dm-0/dm/uuid",
                  "CRYPT-LUKS2-0381383656e61ab3b58e27507ac41937-root\n");
  host.tree.write("/proc/self/mountinfo", "20 1 254:0 / / rw - ext4 /dev/mapper/root rw\n");
  host.tree.link("/dev/mapper/root", "../dm-0");
  host.tree.write("/dev/dm-0", "");
  host.tree.write("/etc/crypttab", "other UUID=1 none luks\n");
  host.run("setup-crypttab");
  host.tree.write("/etc/crypttab",
                  "# mine\nroot UUID=03813836-56e6-1ab3-b58e-27507ac41937 none discard\n");
  host.run("setup-crypttab");
  host.run("setup-crypttab");
  test::expect_golden("kdumpctl/setup-crypttab.txt",
                      host.transcript() + host.tree.read("/etc/crypttab"));
}

TEST(Verbs, TheLogLevelSilencesWhatItShould) {
  VerbHost host;
  host.run("start", LogLevel::kError);
  host.run("status", LogLevel::kWarning);
  EXPECT_EQ(host.transcript(),
            "$ kdumpctl start\n[exit 0, loaded]\n$ kdumpctl status\n[exit 0, loaded]\n");
}

TEST(Verbs, KexecArgsReachThePlan) {
  VerbHost host;
  host.tree.write("/etc/sysconfig/kdump",
                  "KDUMP_COMMANDLINE_APPEND=nr_cpus=1\n"
                  "KEXEC_ARGS=\"-s -d --mem-min=0x34000000 --append=x\"\n");
  host.run("start");
  ASSERT_THAT(host.loads, SizeIs(1));
  for (const kexec::Segment& segment : host.loads[0].plan.segments) {
    EXPECT_GE(segment.address.value(), 0x34000000U) << segment.name;
  }
  EXPECT_THAT(host.transcript(), HasSubstr("elfcorehdr"));  // -d shows the plan
  EXPECT_THAT(
      host.transcript(),
      HasSubstr("kdump: WARNING: /etc/sysconfig/kdump:2: KEXEC_ARGS: --append has no effect"));
}

}  // namespace
}  // namespace kdump::ctl
