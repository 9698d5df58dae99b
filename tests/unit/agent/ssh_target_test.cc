// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/ssh_target.h"

#include "base/exit_code.h"
#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace kdump::agent {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kFolder = "/dumps/192.0.2.9-2026-11-03-04:05:06";

class SshTarget : public testing::Test, public CaptureFixture {
 protected:
  SshTarget() {
    config::PlannedSsh ssh;
    ssh.server = "log.example";
    ssh.addresses = {"192.0.2.1", "2001:db8::1"};
    ssh.port = 2222;
    ssh.user = "dump";
    ssh.key = "/etc/kdump/ssh/key";
    ssh.known_hosts = "/etc/kdump/ssh/known_hosts";
    ssh.directory = "/dumps";
    plan.targets[0].host_name = "192.0.2.9";
    plan.targets[0].place = ssh;
    tree.make_directory("/run");
    system.on_run = [this](const std::vector<std::string>& argv,
                           const ProgramObserver&,
                           Deadline) -> Result<ProgramEnd> {
      const auto put = std::find(argv.begin(), argv.end(), "put");
      if (put != argv.end()) sent_log = tree.read((put + 1)->substr(tree.folder().size()));
      return answer(argv);
    };
  }
  [[nodiscard]] std::string called(const std::string& words,
                                   const std::string& address = "192.0.2.1") const {
    return fmt::format(
        "run /usr/bin/kdump-ssh --address {} --port 2222 --user dump --key {} "
        "--known-hosts {} {}",
        address,
        tree.path("/etc/kdump/ssh/key"),
        tree.path("/etc/kdump/ssh/known_hosts"),
        words);
  }
  /// kdump-ssh ends so when these words are among its own.
  void fails(const std::string& word, int code) {
    answer = [word, code](const std::vector<std::string>& argv) -> Result<ProgramEnd> {
      ProgramEnd end{100, {}, false};
      if (std::find(argv.begin(), argv.end(), word) != argv.end()) end.status.exit_code = code;
      return end;
    };
  }

  std::function<Result<ProgramEnd>(const std::vector<std::string>&)> answer =
      [](const std::vector<std::string>&) {
        return ProgramEnd{100, {}, false};
      };
  std::string sent_log;
};

TEST_F(SshTarget, SavesTheThreeFilesInTheirOrder) {
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  const std::string folder = kFolder;
  const std::string vmcore = tree.path("/proc/vmcore");
  const std::string put_log =
      called("put " + tree.path("/run/kexec-dmesg.log") + " " + folder + "/kexec-dmesg.log");
  EXPECT_THAT(
      system.calls_to("run"),
      ElementsAre(called("mkdir " + folder),
                  called("run " + folder +
                         "/vmcore-dmesg.txt /usr/bin/kdump-collect --dump-dmesg " + vmcore + " -"),
                  put_log,
                  called("run-flattened " + folder + "/vmcore /usr/bin/kdump-collect --level 31 " +
                         vmcore + " -"),
                  put_log));
  EXPECT_THAT(sent_log, HasSubstr("saved vmcore ("));
  EXPECT_FALSE(tree.exists("/run/kexec-dmesg.log"));
  EXPECT_THAT(system.calls_to("mount"), IsEmpty());
}

TEST_F(SshTarget, AnotherCollectorsOutputIsSavedAsItIs) {
  plan.collector = {"/usr/bin/mycollector"};
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(system.calls,
              Contains(called("run " + std::string(kFolder) + "/vmcore /usr/bin/mycollector " +
                              tree.path("/proc/vmcore"))));
}

TEST_F(SshTarget, TheNextAddressIsTried) {
  fails("192.0.2.1", kExitFailed);
  ASSERT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  EXPECT_THAT(system.calls,
              Contains(HasSubstr("--address 2001:db8::1 --port 2222 --user dump")).Times(5));
}

TEST_F(SshTarget, AServerThatDoesNotAnswerIsTriedUntilTheDeadline) {
  fails("mkdir", kExitFailed);
  plan.deadlines.mount = 10;
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_GE(system.calls_to("run").size(), 8U);
  EXPECT_THAT(recorded(), HasSubstr("cannot save on dump@log.example"));
}

TEST_F(SshTarget, AChangedHostKeyIsNotTriedAgain) {
  fails("mkdir", kExitRefused);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_EQ(system.calls_to("run").size(), 2U) << "each address once";
}

TEST_F(SshTarget, AFailureGoesOnToTheNextTarget) {
  config::PlannedTarget disk = plan.targets[0];
  config::PlannedFileSystem files;
  files.fs_type = "ext4";
  files.device = config::PlannedDevice{config::PlannedDevice::By::kUuid, "1234-abcd"};
  files.directory = "/var/crash";
  disk.place = files;
  plan.targets.push_back(disk);
  tree.make_directory("/kdumproot-2");
  fails("mkdir", kExitRefused);
  system.on_run = [this, refuse = system.on_run](const std::vector<std::string>& argv,
                                                 const ProgramObserver& observer,
                                                 Deadline deadline) {
    if (argv[0] == config::kImageSshPath) return refuse(argv, observer, deadline);
    return FakeSystem::write_output(argv, "dump");
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved) << recorded();
  EXPECT_THAT(recorded(), HasSubstr("trying the next dump target"));
}

TEST_F(SshTarget, ADmesgThatFailsDoesNotStopTheDump) {
  fails(std::string(kFolder) + "/vmcore-dmesg.txt", kExitFailed);
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("cannot save vmcore-dmesg.txt"));
}

TEST_F(SshTarget, ADumpThatFailsLeavesTheLog) {
  fails("run-flattened", kExitFailed);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(sent_log, HasSubstr("cannot save vmcore: /usr/bin/kdump-ssh failed: exit code 1"));
}

TEST_F(SshTarget, ACollectorKilledForMemoryIsRecognised) {
  system.kernel_messages.emplace_back("[ 8.0] Out of memory: Killed process 77 (kdump-pre) ...");
  answer = [this](const std::vector<std::string>& argv) -> Result<ProgramEnd> {
    ProgramEnd end{100, {}, false};
    if (std::find(argv.begin(), argv.end(), "run-flattened") == argv.end()) return end;
    end.status.exit_code = 1;
    system.kernel_messages.emplace_back(
        "[ 9.0] Out of memory: Killed process 101 (kdump-collect) ...");
    return end;
  };
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(),
              HasSubstr("kdump-collect was killed because the capture kernel ran out of memory "
                        "(120000 KiB were available at the lowest)"));
}

TEST_F(SshTarget, AKillBeforeIsNotTakenForIt) {
  system.kernel_messages.emplace_back("[ 8.0] Out of memory: Killed process 77 (kdump-pre) ...");
  fails("run-flattened", 1);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), Not(HasSubstr("ran out of memory")));
}

TEST_F(SshTarget, AServerWithLittleRoomGetsAHigherLevel) {
  std::filesystem::resize_file(tree.path("/proc/vmcore"), 1U << 30U);
  plan.collector = {"/usr/bin/kdump-collect", "makedumpfile", "-l", "-d", "1"};
  system.room = "100000000\n";
  system.estimate = "{\"bytes_at_level_1\": 200000000, \"bytes_at_level_31\": 1000}";
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("no room for a dump of level 1"));
  EXPECT_THAT(system.calls_to("run"), Contains(HasSubstr("makedumpfile -F -l -d 31")));
}

TEST_F(SshTarget, AServerWithoutRoomGetsTheMessagesOnly) {
  std::filesystem::resize_file(tree.path("/proc/vmcore"), 1U << 30U);
  system.room = "10000000\n";
  system.estimate = "{\"bytes_at_level_31\": 900000000}";
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(recorded(), HasSubstr("saved vmcore-dmesg.txt"));
  EXPECT_THAT(recorded(), HasSubstr("cannot save vmcore: no room for a dump"));
}

TEST_F(SshTarget, AServerThatDoesNotTellIsTried) {
  EXPECT_EQ(capture(context()), CaptureEnd::kSaved);
  EXPECT_THAT(recorded(), HasSubstr("the server does not tell how much room it has"));
}

TEST_F(SshTarget, WithoutAVmcoreOnlyTheLogIsSaved) {
  ASSERT_EQ(::unlink(tree.path("/proc/vmcore").c_str()), 0);
  EXPECT_EQ(capture(context()), CaptureEnd::kFailed);
  EXPECT_THAT(system.calls, Not(Contains(HasSubstr("run-flattened"))));
  EXPECT_THAT(sent_log, HasSubstr("/proc/vmcore does not exist"));
}

}  // namespace
}  // namespace kdump::agent
