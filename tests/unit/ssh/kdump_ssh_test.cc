// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/kdump_ssh.h"

#include "base/exit_code.h"
#include "tests/unit/ssh/flattened_stream.h"
#include "tests/unit/ssh/test_sshd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace kdump::ssh {
namespace {

using test::TestSshd;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kNoSftp = "";
constexpr const char* kOnlySftp = "Subsystem sftp internal-sftp\nForceCommand internal-sftp";

const std::string kStream = test::flattened({{8, "back"}, {0, "in front"}});

/// What works with SFTP alone, with both, and through commands.
class Server : public testing::TestWithParam<const char*> {};

TEST_P(Server, TakesFoldersAndFiles) {
  const TestSshd sshd{GetParam()};
  const auto made = sshd.run({"mkdir", sshd.path("a b/it's")});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(sshd.mode("a b/it's"), 0700U);
  EXPECT_TRUE(sshd.run({"mkdir", sshd.path("a b/it's")})) << "a folder that is there already";

  sshd.tree().write("/log", "what the agent said\n");
  const auto put = sshd.run({"put", sshd.tree().path("/log"), sshd.path("a b/it's/k.log")});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(sshd.read("a b/it's/k.log"), "what the agent said\n");
  EXPECT_EQ(sshd.mode("a b/it's/k.log"), 0600U);
  EXPECT_FALSE(sshd.has("a b/it's/k.log-incomplete"));
}

TEST_P(Server, AFileIsReplaced) {
  const TestSshd sshd{GetParam()};
  sshd.tree().write("/files/x", "an older and longer one");
  sshd.tree().write("/new", "new");
  ASSERT_TRUE(sshd.run({"put", sshd.tree().path("/new"), sshd.path("x")}));
  EXPECT_EQ(sshd.read("x"), "new");
}

TEST_P(Server, ACommandsOutputIsAFile) {
  const TestSshd sshd{GetParam()};
  const auto saved = sshd.run({"run", sshd.path("d.txt"), "printf", "%s", "messages"});
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(sshd.read("d.txt"), "messages");
  EXPECT_EQ(sshd.mode("d.txt"), 0600U);
}

TEST_P(Server, ACommandThatFailsLeavesAnIncompleteFile) {
  const TestSshd sshd{GetParam()};
  const auto saved = sshd.run({"run", sshd.path("vmcore"), "sh", "-c", "printf half; exit 3"});
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message, HasSubstr("exit code 3"));
  EXPECT_FALSE(sshd.has("vmcore"));
  EXPECT_TRUE(sshd.has("vmcore-incomplete"));
}

TEST_P(Server, ACommandThatWritesNothingIsNoFile) {
  const TestSshd sshd{GetParam()};
  EXPECT_FALSE(sshd.run({"run", sshd.path("vmcore"), "true"}));
  EXPECT_FALSE(sshd.has("vmcore"));
}

TEST_P(Server, AFolderThatCannotBeMadeIsNamed) {
  const TestSshd sshd{GetParam()};
  sshd.tree().write("/files/plain", "a file");
  const auto made = sshd.run({"mkdir", sshd.path("plain/below")});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("plain"));
}

TEST_P(Server, AConnectionThatBreaksIsAnErrorAndNothingLooksWhole) {
  const TestSshd sshd{GetParam()};
  std::thread breaker([&] {
    const std::string file = sshd.path("vmcore-incomplete");
    std::error_code error;
    for (int tries = 0; tries < 1000; ++tries) {
      const auto size = std::filesystem::file_size(file, error);
      if (!error && size > 0) break;
      std::this_thread::sleep_for(10ms);
    }
    sshd.drop_connections();
  });
  const auto saved = sshd.run({"run", sshd.path("vmcore"), "cat", "/dev/zero"});
  breaker.join();
  ASSERT_FALSE(saved);
  EXPECT_FALSE(sshd.has("vmcore"));
  EXPECT_TRUE(sshd.has("vmcore-incomplete"));
}

INSTANTIATE_TEST_SUITE_P(All,
                         Server,
                         testing::Values("Subsystem sftp internal-sftp",
                                         "Subsystem sftp /usr/lib/openssh/sftp-server\n"
                                         "RekeyLimit 1M",
                                         kNoSftp,
                                         "Subsystem sftp /nonexistent"));

TEST(KdumpSsh, AServerThatOnlyDoesSftpIsEnough) {
  const TestSshd sshd{kOnlySftp};
  ASSERT_TRUE(sshd.run({"mkdir", sshd.path("d")}));
  sshd.tree().write("/stream", kStream);
  const auto saved =
      sshd.run({"run-flattened", sshd.path("d/vmcore"), "cat", sshd.tree().path("/stream")});
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(sshd.read("d/vmcore"), "in frontback");
  EXPECT_EQ(sshd.mode("d/vmcore"), 0600U);
}

TEST(KdumpSsh, AStreamStaysOneWhereThereIsNoSftp) {
  const TestSshd sshd{kNoSftp};
  sshd.tree().write("/stream", kStream);
  const auto saved =
      sshd.run({"run-flattened", sshd.path("vmcore"), "cat", sshd.tree().path("/stream")});
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(sshd.read("vmcore.flat"), kStream);
  EXPECT_FALSE(sshd.has("vmcore"));
}

TEST(KdumpSsh, AStreamThatIsCutOffIsNoDump) {
  const TestSshd sshd;
  sshd.tree().write("/stream", kStream.substr(0, kStream.size() - 1));
  const auto saved =
      sshd.run({"run-flattened", sshd.path("vmcore"), "cat", sshd.tree().path("/stream")});
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message, HasSubstr("ends too early"));
  EXPECT_FALSE(sshd.has("vmcore"));
}

TEST(KdumpSsh, MuchDataSurvivesNewKeysOnTheWay) {
  const TestSshd sshd{"Subsystem sftp internal-sftp\nRekeyLimit 1M"};
  const auto saved = sshd.run({"run", sshd.path("big"), "head", "-c", "20000000", "/dev/zero"});
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(std::filesystem::file_size(sshd.path("big")), 20'000'000U);
}

/// What is said when the server or the key is refused, for good.
std::string refusal(const TestSshd& sshd) {
  testing::internal::CaptureStderr();
  const auto made = sshd.run({"mkdir", sshd.path("d")});
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(made && *made == kExitRefused) << said;
  return said;
}

TEST(KdumpSsh, AChangedHostKeyEndsIt) {
  const TestSshd sshd;
  sshd.make_key("/other");
  sshd.pin(sshd.tree().read("/other.pub"));
  const std::string said = refusal(sshd);
  EXPECT_THAT(said, HasSubstr("has changed"));
  EXPECT_THAT(said, HasSubstr("SHA256:"));
  EXPECT_FALSE(sshd.has("d"));
}

TEST(KdumpSsh, AnUnknownHostIsNotBelieved) {
  const TestSshd sshd;
  sshd.tree().write("/known_hosts", "elsewhere " + sshd.host_key());
  const std::string said = refusal(sshd);
  EXPECT_THAT(said, HasSubstr("is not known"));
  EXPECT_FALSE(sshd.has("d"));
}

TEST(KdumpSsh, AKeyThatIsRefusedIsAnError) {
  TestSshd sshd;
  sshd.make_key("/foreign");
  sshd.set_key("/foreign");
  const std::string said = refusal(sshd);
  EXPECT_THAT(said, HasSubstr("does not let"));
}

TEST(KdumpSsh, AKeyWithAPassphraseIsAnErrorAndNotAQuestion) {
  TestSshd sshd;
  sshd.make_key("/locked", "secret");
  sshd.set_key("/locked");
  const std::string said = refusal(sshd);
  EXPECT_THAT(said, HasSubstr("without a passphrase"));
}

TEST(KdumpSsh, NobodyThereIsAnError) {
  const auto made = run_kdump_ssh({"kdump-ssh",
                                   "--address",
                                   "127.0.0.1",
                                   "--port",
                                   "1",
                                   "--user",
                                   "nobody",
                                   "--key",
                                   "/k",
                                   "--known-hosts",
                                   "/h",
                                   "mkdir",
                                   "/d"});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("cannot connect to 127.0.0.1 port 1"));
}

}  // namespace
}  // namespace kdump::ssh
