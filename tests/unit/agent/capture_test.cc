// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/capture.h"

#include "base/io.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace kdump::agent {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

bool is_dmesg(const std::vector<std::string>& argv) { return argv.at(1) == "--dump-dmesg"; }

class Capture : public testing::Test, public CaptureFixture {
 protected:
  /// The collector leaves half a file and ends like this.
  void collector_ends(const ProgramEnd& end) {
    system.on_run = [end](const std::vector<std::string>& argv,
                          const ProgramObserver& observer,
                          Deadline) -> Result<ProgramEnd> {
      if (is_dmesg(argv)) return FakeSystem::write_output(argv, "messages");
      auto written = FakeSystem::write_output(argv, "half a");
      if (!written) return written;
      observer.output("what it has to say\n");
      return end;
    };
  }
};

TEST_F(Capture, DoesEverythingInOrder) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  const std::string root = tree.folder();
  EXPECT_THAT(system.calls,
              ElementsAre("module /lib/a.ko ''",
                          "module /lib/b.ko 'x=1'",
                          "identify /dev/vda",
                          "mount /dev/vda " + root + "/kdumproot ext4 0x400 'data=ordered'",
                          "run /usr/bin/kdump-collect --dump-dmesg " + root + "/proc/vmcore " +
                              root + dumped("vmcore-dmesg-incomplete.txt"),
                          "run /usr/bin/kdump-collect --level 31 " + root + "/proc/vmcore " + root +
                              dumped("vmcore-incomplete"),
                          "unmount " + root + "/kdumproot"));
}

TEST_F(Capture, LeavesThreeFilesForRootOnly) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  for (const char* name : {"vmcore", "vmcore-dmesg.txt", "kexec-dmesg.log"}) {
    ASSERT_TRUE(tree.exists(dumped(name))) << name;
    EXPECT_EQ(tree.mode(dumped(name)), 0600U) << name;
  }
  EXPECT_EQ(tree.mode(dumped("")), 0700U);
  EXPECT_FALSE(tree.exists(dumped("vmcore-incomplete")));
  EXPECT_FALSE(tree.exists(dumped("vmcore-dmesg-incomplete.txt")));
}

TEST_F(Capture, SaysWhatItSaved) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(),
              ContainsRegex("kdump-agent: saved vmcore-dmesg.txt \\(18 B, 0\\.00 s\\)"));
  EXPECT_THAT(recorded(), ContainsRegex("kdump-agent: saved vmcore \\(18 B, 0\\.00 s\\)"));
}

TEST_F(Capture, TheLogHasTheAgentsAndTheKernelsMessagesAndTheMemory) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  const std::string text = tree.read(dumped("kexec-dmesg.log"));
  EXPECT_THAT(text, HasSubstr("kdump-agent: saved vmcore ("));
  EXPECT_THAT(text, HasSubstr("Linux version of the capture kernel"));
  EXPECT_THAT(text, HasSubstr("memory: 120000 of 160000 KiB available at the lowest"));
}

TEST_F(Capture, TheLogIsThereBeforeTheDump) {
  system.on_run = [this](const std::vector<std::string>& argv, const ProgramObserver&, Deadline) {
    if (!is_dmesg(argv)) {
      EXPECT_THAT(tree.read(dumped("kexec-dmesg.log")), HasSubstr("saved vmcore-dmesg.txt"));
    }
    return FakeSystem::write_output(argv, "x");
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
}

TEST_F(Capture, TheLowestMemoryIsThatWhileTheCollectorRan) {
  system.on_run =
      [this](const std::vector<std::string>& argv, const ProgramObserver& observer, Deadline) {
        tree.write("/proc/meminfo", "MemTotal: 160000 kB\nMemAvailable: 5000 kB\n");
        observer.tick();
        tree.write("/proc/meminfo", "MemTotal: 160000 kB\nMemAvailable: 90000 kB\n");
        return FakeSystem::write_output(argv, "x");
      };
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("memory: 5000 of 160000 KiB"));
}

TEST_F(Capture, ADmesgThatFailsDoesNotStopTheDump) {
  system.on_run = [](const std::vector<std::string>& argv,
                     const ProgramObserver&,
                     Deadline) -> Result<ProgramEnd> {
    if (is_dmesg(argv)) return ProgramEnd{100, {1, 0}, false};
    return FakeSystem::write_output(argv, "dump");
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_TRUE(tree.exists(dumped("vmcore")));
  EXPECT_FALSE(tree.exists(dumped("vmcore-dmesg.txt")));
  EXPECT_THAT(recorded(), HasSubstr("ERROR: cannot save vmcore-dmesg.txt: "));
}

TEST_F(Capture, ADmesgThatHangsDoesNotStopTheDump) {
  system.on_run = [this](const std::vector<std::string>& argv,
                         const ProgramObserver&,
                         Deadline deadline) -> Result<ProgramEnd> {
    if (!is_dmesg(argv)) return FakeSystem::write_output(argv, "dump");
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return ProgramEnd{100, {0, SIGKILL}, true};
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("did not end in time"));
}

TEST_F(Capture, ATargetThatTakesNoMessagesIsLeftForTheNext) {
  add_fallback();
  int runs = 0;
  system.on_run = [&](const std::vector<std::string>& argv, const ProgramObserver&, Deadline) {
    if (++runs > 1) return FakeSystem::write_output(argv, "what was collected");
    ProgramEnd end{100, {}, false};
    end.stalled = true;
    return Result<ProgramEnd>(end);
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("made no progress for 20 s"));
  EXPECT_THAT(recorded(), HasSubstr("trying the next dump target"));
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_TRUE(tree.exists(dumped("vmcore", "/kdumproot-2")));
}

TEST_F(Capture, ACollectorThatFailsLeavesAnIncompleteFileAndTheReason) {
  collector_ends({100, {3, 0}, false});
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_EQ(tree.read(dumped("vmcore-incomplete")), "half a");
  EXPECT_TRUE(tree.exists(dumped("vmcore-dmesg.txt")));
  const std::string text = tree.read(dumped("kexec-dmesg.log"));
  EXPECT_THAT(text, HasSubstr("/usr/bin/kdump-collect failed: exit code 3"));
  EXPECT_THAT(text, HasSubstr("what it has to say"));
  EXPECT_THAT(system.calls.back(), HasSubstr("unmount"));
}

TEST_F(Capture, ACollectorThatIsKilledSaysBySignal) {
  collector_ends({100, {0, SIGSEGV}, false});
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("killed by signal 11"));
}

TEST_F(Capture, ACollectorKilledForMemoryIsRecognised) {
  collector_ends({100, {0, SIGKILL}, false});
  system.kernel_messages.emplace_back(
      "[ 9.0] Out of memory: Killed process 100 (kdump-collect) ...");
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("ran out of memory"));
  EXPECT_THAT(recorded(), HasSubstr("crashkernel="));
}

TEST_F(Capture, AKillOfAnotherProcessIsNotTakenForIt) {
  collector_ends({100, {0, SIGKILL}, false});
  system.kernel_messages.emplace_back("[ 9.0] Out of memory: Killed process 1001 (other) ...");
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), Not(HasSubstr("ran out of memory")));
  EXPECT_THAT(recorded(), HasSubstr("killed by signal 9"));
}

TEST_F(Capture, ACollectorThatExceedsItsDeadlineIsReported) {
  collector_ends({100, {0, SIGKILL}, true});
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("did not end in time and was killed"));
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
}

TEST_F(Capture, ACollectorThatDoesNothingIsReported) {
  collector_ends({100, {0, SIGKILL}, false, true});
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("made no progress for 300 s and was killed"));
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
}

TEST_F(Capture, ACollectorThatSucceedsWithoutAFileHasFailed) {
  system.on_run = [](const std::vector<std::string>&, const ProgramObserver&, Deadline) {
    return Result<ProgramEnd>(ProgramEnd{100, {}, false});
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_TRUE(tree.exists(dumped("kexec-dmesg.log")));
}

TEST_F(Capture, ACollectorThatCannotBeStartedIsReported) {
  system.on_run = [](const std::vector<std::string>& argv, const ProgramObserver&, Deadline) {
    return Result<ProgramEnd>(system_error(ENOENT, "cannot start {}", argv[0]));
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log")),
              HasSubstr("cannot start /usr/bin/kdump-collect"));
}

TEST_F(Capture, EveryStepHasItsDeadline) {
  plan.deadlines = {.device = 1, .mount = 2, .dmesg = 3, .collect = 4, .sync = 5, .total = 100};
  const Deadline start = system.now();
  system.on_mount = [&](Deadline deadline) {
    EXPECT_EQ(deadline - start, std::chrono::seconds(2));
    return Status();
  };
  system.on_run =
      [&](const std::vector<std::string>& argv, const ProgramObserver&, Deadline deadline) {
        EXPECT_EQ(deadline - start, std::chrono::seconds(is_dmesg(argv) ? 3 : 4));
        return FakeSystem::write_output(argv, "x");
      };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
}

TEST_F(Capture, ADeviceThatDoesNotAppearEndsIt) {
  identities["/dev/vda"].uuid = "other";
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("ERROR: the dump target UUID=1234-abcd did not appear"));
  EXPECT_THAT(system.calls_to("mount"), IsEmpty());
}

TEST_F(Capture, AMountThatFailsEndsIt) {
  system.on_mount = [](Deadline) -> Status {
    return system_error(EINVAL, "cannot mount /dev/vda");
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("ERROR: cannot mount /dev/vda: Invalid argument"));
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
  EXPECT_THAT(system.calls_to("unmount"), IsEmpty());
}

TEST_F(Capture, ADirectoryThatCannotBeMadeEndsItUnmounted) {
  tree.write("/kdumproot/var", "a file in the way");
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("ERROR:"));
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
  EXPECT_EQ(system.calls_to("unmount").size(), 1U);
}

TEST_F(Capture, ATargetThatCannotBeUnmountedIsReportedButTheDumpIsSaved) {
  system.on_unmount = []() -> Status { return system_error(EBUSY, "cannot unmount"); };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("ERROR: cannot unmount"));
}

TEST_F(Capture, WithoutACrashNoDiskIsTouched) {
  const test::TempTree booted;
  booted.write("/proc/cmdline", "root=/dev/sda1 quiet\n");
  CaptureContext mistake{plan, booted.root(), system, log, steps, memory, reserve};
  EXPECT_EQ(capture(mistake), CaptureEnd::kFailed);
  EXPECT_THAT(system.calls, IsEmpty());
  EXPECT_THAT(recorded(),
              HasSubstr("/proc/vmcore does not exist: this kernel was not started by a crash"));
}

TEST_F(Capture, ACrashWithoutAVmcoreLeavesTheLogAsEvidence) {
  const test::TempTree crashed;
  crashed.write("/proc/cmdline", "console=ttyS0 elfcorehdr=1K\n");
  crashed.write("/sys/class/block/vda/size", "2048\n");
  crashed.write("/dev/vda", "");
  CaptureContext broken{plan, crashed.root(), system, log, steps, memory, reserve};
  EXPECT_EQ(capture(broken), CaptureEnd::kFailed);
  EXPECT_THAT(system.calls_to("run"), IsEmpty());
  EXPECT_THAT(crashed.read(dumped("kexec-dmesg.log")),
              HasSubstr("/proc/vmcore does not exist although elfcorehdr="));
  EXPECT_FALSE(crashed.exists(dumped("vmcore")));
}

/// Hooks end like this; the collector works.
class CaptureWithHooks : public Capture {
 protected:
  CaptureWithHooks() {
    plan.hooks.pre = {{"/bin/decide", true}, {"/etc/kdump/pre.d/1", false}};
    plan.hooks.post = {{"/etc/kdump/post.d/1", false}, {"/bin/after", false}};
    system.on_run = [this](const std::vector<std::string>& argv,
                           const ProgramObserver& observer,
                           Deadline) -> Result<ProgramEnd> {
      if (argv[0] != "/usr/bin/kdump-collect") {
        observer.output("output of " + argv[0] + "\n");
        return hook_ends[argv[0]];
      }
      if (is_dmesg(argv) || collector_works) return FakeSystem::write_output(argv, "x");
      return ProgramEnd{100, {1, 0}, false};
    };
  }
  [[nodiscard]] std::vector<std::string> programs() const {
    std::vector<std::string> out;
    for (const std::string& call : system.calls_to("run")) {
      out.push_back(call.starts_with("run /usr/bin/kdump-collect") ? "collect" : call.substr(4));
    }
    return out;
  }
  std::map<std::string, ProgramEnd> hook_ends;
  bool collector_works = true;
};

TEST_F(CaptureWithHooks, TheyRunAroundTheDumpInOrder) {
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(programs(),
              ElementsAre("/bin/decide",
                          "/etc/kdump/pre.d/1",
                          "collect",
                          "collect",
                          "/etc/kdump/post.d/1 0",
                          "/bin/after 0"));
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log")), HasSubstr("output of /bin/after"));
}

TEST_F(CaptureWithHooks, ThoseAfterAFailedDumpAreTold) {
  collector_works = false;
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_EQ(programs().back(), "/bin/after 1");
}

TEST_F(CaptureWithHooks, OnlyKdumpPreDecides) {
  hook_ends["/etc/kdump/pre.d/1"].status.exit_code = 1;
  hook_ends["/bin/after"].status.exit_code = 1;
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("WARNING: /etc/kdump/pre.d/1 failed: exit code 1"));
  EXPECT_THAT(recorded(), HasSubstr("WARNING: /bin/after failed: exit code 1"));

  hook_ends["/bin/decide"].status.exit_code = 3;
  system.calls.clear();
  EXPECT_EQ(capture(context()), CaptureEnd::kDeclined);
  EXPECT_THAT(programs(), ElementsAre("/bin/decide"));
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log").insert(dumped("").size() - 1, "-2")),
              testing::AllOf(HasSubstr("/bin/decide failed: exit code 3\n"),
                             HasSubstr("kdump_pre wants no dump")));
  EXPECT_THAT(system.calls.back(), HasSubstr("unmount"));
}

TEST_F(CaptureWithHooks, OneThatHangsOrCrashesDecidesNothing) {
  hook_ends["/bin/decide"] = {7, {0, SIGKILL}, true};
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("WARNING: /bin/decide did not end in time and was killed"));
  hook_ends["/bin/decide"] = {7, {0, SIGSEGV}, false};
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("WARNING: /bin/decide failed: killed by signal 11"));
}

TEST_F(CaptureWithHooks, OneThatHangsHasADeadlineOfItsOwn) {
  hook_ends["/etc/kdump/pre.d/1"] = {7, {0, SIGKILL}, true};
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("/etc/kdump/pre.d/1 did not end in time and was killed"));
}

TEST_F(Capture, ATargetThatCannotBeReachedIsFollowedByTheNext) {
  add_fallback();
  identities["/dev/vda"].uuid = "other";
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("trying the next dump target: ext4 UUID=5678"));
  EXPECT_THAT(system.calls_to("module"), testing::Contains("module /lib/c.ko ''"));
  EXPECT_TRUE(tree.exists(dumped("vmcore", "/kdumproot-2")));
  EXPECT_THAT(tree.read(dumped("kexec-dmesg.log", "/kdumproot-2")), HasSubstr("did not appear"));
}

TEST_F(Capture, ATargetThatIsFullIsFollowedByTheNext) {
  add_fallback();
  system.on_run = [](const std::vector<std::string>& argv,
                     const ProgramObserver&,
                     Deadline) -> Result<ProgramEnd> {
    auto end = FakeSystem::write_output(argv, "x");
    const bool full = argv.back().find("/kdumproot/") != std::string::npos && !is_dmesg(argv);
    if (end && full) end->status.exit_code = 1;
    return end;
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_FALSE(tree.exists(dumped("vmcore")));
  EXPECT_TRUE(tree.exists(dumped("vmcore-dmesg.txt")));
  EXPECT_TRUE(tree.exists(dumped("vmcore", "/kdumproot-2")));
}

TEST_F(Capture, OldDumpsGoWhenTheNewOneIsSaved) {
  plan.keep_dumps = 1;
  const std::string folder = "/kdumproot/var/crash/";
  tree.write(folder + "127.0.0.1-2026-01-01-00:00:00/vmcore", "old");
  tree.write(folder + "127.0.0.1-2026-02-01-00:00:00/vmcore", "old");
  system.on_run = [&](const std::vector<std::string>& argv, const ProgramObserver&, Deadline) {
    EXPECT_FALSE(tree.exists(folder + "127.0.0.1-2026-01-01-00:00:00"));
    EXPECT_TRUE(tree.exists(folder + "127.0.0.1-2026-02-01-00:00:00"));
    return FakeSystem::write_output(argv, "x");
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_FALSE(tree.exists(folder + "127.0.0.1-2026-02-01-00:00:00"));
  EXPECT_TRUE(tree.exists(dumped("vmcore")));
  EXPECT_THAT(recorded(), HasSubstr("removed the old dump 127.0.0.1-2026-02-01-00:00:00"));
}

TEST_F(Capture, AClockThatIsBehindCostsNoDump) {
  plan.keep_dumps = 1;
  for (const char* date : {"2027-01-01-00:00:00", "2027-02-01-00:00:00"}) {  // after the new one's
    tree.write(std::string("/kdumproot/var/crash/127.0.0.1-") + date + "/vmcore", "old");
  }
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_TRUE(tree.exists(dumped("vmcore")));
}

TEST_F(Capture, TheLastOldDumpStaysWhenTheNewOneFails) {
  plan.keep_dumps = 1;
  tree.write("/kdumproot/var/crash/127.0.0.1-2026-02-01-00:00:00/vmcore", "old");
  collector_ends({100, {3, 0}, false});
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_TRUE(tree.exists("/kdumproot/var/crash/127.0.0.1-2026-02-01-00:00:00/vmcore"));
}

TEST_F(Capture, TheTargetsBeforeTheFirstAreLeftOut) {
  add_fallback();
  EXPECT_EQ(capture(context(), 1), CaptureEnd::kSaved);
  EXPECT_THAT(system.calls_to("mount"), ElementsAre(HasSubstr("mount /dev/vdb")));
}

TEST_F(Capture, ASourceThatIsNoDeviceIsMountedAtOnce) {
  place().device.reset();
  place().source = "dumps";
  place().fs_type = "virtiofs";
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(system.calls_to("identify"), IsEmpty());
  EXPECT_THAT(system.calls_to("mount"), ElementsAre(HasSubstr("mount dumps ")));
}

}  // namespace
}  // namespace kdump::agent
