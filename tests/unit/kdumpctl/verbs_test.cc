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
  namespace fs = std::filesystem;
  fs::last_write_time(host.tree.path("/etc/kdump.conf"),
                      fs::last_write_time(host.tree.path(kVerbHostImage)) + std::chrono::hours(1));
  host.run("start");
  EXPECT_THAT(host.builds, SizeIs(1));
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(2));
  test::expect_golden("kdumpctl/stale.txt", host.transcript());
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
