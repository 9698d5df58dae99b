// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/sftp_client.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/subprocess.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <poll.h>
#include <sys/socket.h>

namespace kdump::ssh {
namespace {

using testing::HasSubstr;

/// A channel to the other end of a pair of sockets.
class SocketChannel final : public ByteChannel {
 public:
  explicit SocketChannel(Fd fd) : fd_(std::move(fd)) {}
  Status write(std::span<const std::byte> bytes) override { return write_all(fd_.raw(), bytes); }
  Status read(std::span<std::byte> into) override {
    while (!into.empty()) {
      const std::size_t got = TRY(read_some(fd_.raw(), into));
      if (got == 0) return make_error(ErrorKind::kSystem, "closed");
      into = into.subspan(got);
    }
    return {};
  }
  Result<bool> readable() override {
    pollfd watched{fd_.raw(), POLLIN, 0};
    return ::poll(&watched, 1, 0) > 0;
  }

 private:
  Fd fd_;
};

struct Pair {
  Fd ours;
  Fd theirs;
};
Pair make_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

/// OpenSSH's server, without SSH.
class SftpServer : public testing::Test {
 protected:
  void SetUp() override {
    std::string program;
    for (const char* path : {"/usr/lib/openssh/sftp-server",
                             "/usr/libexec/openssh/sftp-server",
                             "/usr/lib/ssh/sftp-server"}) {
      if (std::filesystem::exists(path)) program = path;
    }
    ASSERT_FALSE(program.empty()) << "openssh's sftp-server is needed";
    Pair pair = make_pair();
    auto server = Child::spawn({program}, {pair.theirs.raw(), pair.theirs.raw(), -1});
    ASSERT_TRUE(server);
    server_.emplace(*std::move(server));
    auto client = SftpClient::start(std::make_unique<SocketChannel>(std::move(pair.ours)));
    ASSERT_TRUE(client) << client.error().message;
    client_.emplace(*std::move(client));
  }

  kdump::test::TempTree tree_;
  std::optional<Child> server_;
  std::optional<SftpClient> client_;
};

TEST_F(SftpServer, WritesAnywhereAndRenames) {
  const auto file = client_->create(tree_.path("/part"));
  ASSERT_TRUE(file) << file.error().message;
  const std::string big(300'000, 'b');
  ASSERT_TRUE(client_->write_at(*file, 5, as_bytes(big)));
  ASSERT_TRUE(client_->write_at(*file, 0, as_bytes("front")));
  ASSERT_TRUE(client_->finish(*file));
  ASSERT_TRUE(client_->rename(tree_.path("/part"), tree_.path("/whole")));
  EXPECT_EQ(tree_.read("/whole"), "front" + big);
  EXPECT_EQ(tree_.mode("/whole"), 0600U);
  EXPECT_FALSE(tree_.exists("/part"));
}

TEST_F(SftpServer, AFileThatWasThereLosesItsContentAndItsMode) {
  tree_.write("/old", "something much longer");
  const auto file = client_->create(tree_.path("/old"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(client_->write_at(*file, 0, as_bytes("new")));
  ASSERT_TRUE(client_->finish(*file));
  EXPECT_EQ(tree_.read("/old"), "new");
  EXPECT_EQ(tree_.mode("/old"), 0600U);
}

TEST_F(SftpServer, FoldersMayExistButFilesInTheirPlaceMayNot) {
  EXPECT_TRUE(client_->make_folder(tree_.path("/d")));
  EXPECT_EQ(tree_.mode("/d"), 0700U);
  EXPECT_TRUE(client_->make_folder(tree_.path("/d")));
  tree_.write("/f", "");
  const auto made = client_->make_folder(tree_.path("/f"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("is not a folder"));
  EXPECT_FALSE(client_->make_folder(tree_.path("/absent/below")));
}

TEST_F(SftpServer, AFullDiskIsAnErrorThatNamesTheFile) {
  const auto file = client_->create("/dev/full");
  ASSERT_TRUE(file) << file.error().message;
  const std::string bytes(3'000'000, 'x');
  auto written = client_->write_at(*file, 0, as_bytes(bytes));
  if (written) written = client_->finish(*file);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("/dev/full: writing at offset 0: Failure"));
}

TEST_F(SftpServer, SaysHowMuchRoomThereIs) {
  const auto room = client_->available(tree_.folder());
  ASSERT_TRUE(room) << room.error().message;
  EXPECT_GT(*room, 0U);
}

TEST_F(SftpServer, AFileThatCannotBeCreatedIsNamed) {
  const auto file = client_->create(tree_.path("/absent/x"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("/absent/x: No such file"));
}

/// A server that says this, whatever it is asked.
class SpeakingServer {
 public:
  explicit SpeakingServer(std::string_view answers) : pair_(make_pair()) {
    EXPECT_TRUE(write_all(pair_.theirs.raw(), answers));
    EXPECT_EQ(::shutdown(pair_.theirs.raw(), SHUT_WR), 0);
  }
  Result<SftpClient> start() {
    return SftpClient::start(std::make_unique<SocketChannel>(std::move(pair_.ours)));
  }

 private:
  Pair pair_;
};

TEST(SftpClient, WhatSpeaksNoSftpIsRecognised) {
  using namespace std::string_view_literals;
  for (const std::string_view answer : {
           ""sv,
           "This service allows sftp connections only.\n"sv,
           "\0\0\0\0"sv,
           "\0\0\0\5\x65\0\0\0\1"sv,
           "\x7f\xff\xff\xff\2\0\0\0\3"sv,
       }) {
    const auto client = SpeakingServer(answer).start();
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().kind, ErrorKind::kUnsupported);
  }
}

TEST(SftpClient, AnAnswerToNothingIsAnError) {
  using namespace std::string_view_literals;
  SpeakingServer server(
      "\0\0\0\5\2\0\0\0\3"
      "\0\0\0\x9\x65\0\0\0\x63\0\0\0\0"sv);
  auto client = server.start();
  ASSERT_TRUE(client);
  const auto made = client->make_folder("/d");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("was not asked"));
}

TEST(SftpClient, AnExtensionWithoutItsTextIsAnError) {
  using namespace std::string_view_literals;
  const auto client = SpeakingServer("\0\0\0\x9\2\0\0\0\3\0\0\0\x40"sv).start();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, ErrorKind::kBadData);
}

}  // namespace
}  // namespace kdump::ssh
