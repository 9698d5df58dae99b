// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/remote_place.h"

#include "base/text.h"

namespace kdump::ssh {
namespace {

/// Offset and length of what was given, for places that take bytes in their order only.
Status check_order(std::uint64_t at, std::uint64_t offset) {
  if (at == offset) return {};
  return make_error(ErrorKind::kUnsupported, "a stream has no place for bytes at {}", offset);
}

class SftpFile final : public RemoteFile {
 public:
  SftpFile(std::shared_ptr<SftpClient> client, SftpClient::File file, std::string name)
      : client_(std::move(client)), file_(std::move(file)), name_(std::move(name)) {}

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    return client_->write_at(file_, offset, bytes);
  }
  [[nodiscard]] bool accepts_any_order() const override { return true; }
  Status publish() override {
    TRY(client_->finish(file_));
    return client_->rename(file_.path, name_);
  }
  // The server has each write as soon as it is sent.
  void abandon() override {}

 private:
  std::shared_ptr<SftpClient> client_;
  SftpClient::File file_;
  std::string name_;
};

class SftpPlace final : public RemotePlace {
 public:
  explicit SftpPlace(SftpClient client)
      : client_(std::make_shared<SftpClient>(std::move(client))) {}

  Status make_folders(const std::string& path) override {
    std::string folder;
    for (const std::string_view part : split(path, '/')) {
      if (part.empty()) continue;
      folder += "/" + std::string(part);
      TRY(client_->make_folder(folder));
    }
    return {};
  }
  [[nodiscard]] bool accepts_any_order() const override { return true; }
  Result<std::unique_ptr<RemoteFile>> create(const std::string& path) override {
    auto file = TRY(client_->create(incomplete_name(path)));
    return std::unique_ptr<RemoteFile>(std::make_unique<SftpFile>(client_, std::move(file), path));
  }
  Result<std::uint64_t> available(const std::string& path) override {
    return client_->available(path);
  }

 private:
  std::shared_ptr<SftpClient> client_;
};

class CommandFile final : public RemoteFile {
 public:
  CommandFile(Session session, std::unique_ptr<CommandChannel> channel, std::string name)
      : session_(std::move(session)), channel_(std::move(channel)), name_(std::move(name)) {}

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    TRY(check_order(at_, offset));
    broken_ = true;
    TRY(channel_->write(bytes));
    broken_ = false;
    at_ += bytes.size();
    return {};
  }
  [[nodiscard]] bool accepts_any_order() const override { return false; }
  Status publish() override {
    TRY(channel_->finish());
    const std::string from = shell_word(incomplete_name(name_));
    const auto rename = TRY(session_.run(
        fmt::format("chmod 600 {0} && sync && mv -f {0} {1}", from, shell_word(name_))));
    return rename->finish();
  }
  void abandon() override {
    if (!broken_) (void)channel_->finish();  // why it is abandoned has been said
  }

 private:
  Session session_;
  std::unique_ptr<CommandChannel> channel_;
  std::string name_;
  std::uint64_t at_ = 0;
  bool broken_ = false;  ///< the connection is
};

class CommandPlace final : public RemotePlace {
 public:
  explicit CommandPlace(Session session) : session_(std::move(session)) {}

  Status make_folders(const std::string& path) override {
    const auto channel = TRY(session_.run("umask 077; mkdir -p " + shell_word(path)));
    return channel->finish();
  }
  [[nodiscard]] bool accepts_any_order() const override { return false; }
  Result<std::unique_ptr<RemoteFile>> create(const std::string& path) override {
    auto channel = TRY(session_.run("umask 077; cat > " + shell_word(incomplete_name(path))));
    return std::unique_ptr<RemoteFile>(
        std::make_unique<CommandFile>(session_, std::move(channel), path));
  }
  Result<std::uint64_t> available(const std::string& /*path*/) override {
    return make_error(ErrorKind::kUnsupported, "the server does not tell how much room it has");
  }

 private:
  Session session_;
};

}  // namespace

std::string incomplete_name(const std::string& path) {
  constexpr std::string_view kText = ".txt";
  if (!path.ends_with(kText)) return path + "-incomplete";
  return path.substr(0, path.size() - kText.size()) + "-incomplete.txt";
}

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::unique_ptr<RemotePlace> sftp_place(SftpClient client) {
  return std::make_unique<SftpPlace>(std::move(client));
}

std::unique_ptr<RemotePlace> command_place(Session session) {
  return std::make_unique<CommandPlace>(std::move(session));
}

Result<std::unique_ptr<RemotePlace>> open_place(Session session) {
  auto channel = session.open_sftp();
  if (channel) {
    auto client = SftpClient::start(*std::move(channel));
    if (client) return sftp_place(*std::move(client));
    if (client.error().kind != ErrorKind::kUnsupported) return client.error();
  } else if (channel.error().kind != ErrorKind::kUnsupported) {
    return channel.error();
  }
  return command_place(std::move(session));
}

}  // namespace kdump::ssh
