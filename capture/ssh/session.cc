// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/session.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <libssh/libssh.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace kdump::ssh {
namespace {

std::string last_error(ssh_session session) { return escape_control(ssh_get_error(session)); }

using KeyPtr = std::unique_ptr<ssh_key_struct, decltype(&ssh_key_free)>;

Status set_option(ssh_session session, ssh_options_e option, const void* value) {
  if (ssh_options_set(session, option, value) == SSH_OK) return {};
  return make_error(ErrorKind::kUsage, "ssh: {}", last_error(session));
}

Status configure(ssh_session session, const Destination& to) {
  const int no = 0;
  const long patience = static_cast<long>(to.patience.count());
  TRY(set_option(session, SSH_OPTIONS_PROCESS_CONFIG, &no));
  TRY(set_option(session, SSH_OPTIONS_HOST, to.address.c_str()));
  TRY(set_option(session, SSH_OPTIONS_PORT, &to.port));
  TRY(set_option(session, SSH_OPTIONS_USER, to.user.c_str()));
  TRY(set_option(session, SSH_OPTIONS_KNOWNHOSTS, to.known_hosts.c_str()));
  TRY(set_option(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"));
  return set_option(session, SSH_OPTIONS_TIMEOUT, &patience);
}

/// "SHA256:..." of the key that the server showed.
std::string shown_fingerprint(ssh_session session) {
  ssh_key key = nullptr;
  if (ssh_get_server_publickey(session, &key) != SSH_OK) return "unknown";
  const KeyPtr owner(key, ssh_key_free);
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) return "unknown";
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
  ssh_clean_pubkey_hash(&hash);
  if (text == nullptr) return "unknown";
  std::string fingerprint = text;
  ssh_string_free_char(text);
  return fingerprint;
}

Status check_host_key(ssh_session session, const Destination& to) {
  switch (ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK:
      return {};
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      return make_error(ErrorKind::kMismatch,
                        "the host key of {} has changed: it showed {}, which is not the key that "
                        "was pinned when the image was built. Nothing is sent to it",
                        to.address,
                        shown_fingerprint(session));
    case SSH_KNOWN_HOSTS_UNKNOWN:
    case SSH_KNOWN_HOSTS_NOT_FOUND:
      return make_error(ErrorKind::kMismatch,
                        "the host key of {} ({}) is not known. Nothing is sent to it",
                        to.address,
                        shown_fingerprint(session));
    case SSH_KNOWN_HOSTS_ERROR:
      break;
  }
  return make_error(ErrorKind::kSystem,
                    "the host key of {} cannot be checked: {}",
                    to.address,
                    last_error(session));
}

Status authenticate(ssh_session session, const Destination& to) {
  ssh_key key = nullptr;
  // An empty passphrase, so that nothing is asked for.
  if (ssh_pki_import_privkey_file(to.key_file.c_str(), "", nullptr, nullptr, &key) != SSH_OK) {
    return make_error(ErrorKind::kMismatch,
                      "{} is no private key that can be read without a passphrase",
                      to.key_file);
  }
  const KeyPtr owner(key, ssh_key_free);
  if (ssh_userauth_publickey(session, nullptr, key) == SSH_AUTH_SUCCESS) return {};
  return make_error(ErrorKind::kMismatch,
                    "{} does not let {} in with the key {} ({}). 'kdumpctl propagate' installs it",
                    to.address,
                    to.user,
                    to.key_file,
                    last_error(session));
}

/// A server that has vanished is noticed even when nothing is waited for.
void bound_silence(ssh_session session, std::chrono::seconds patience) {
  const auto milliseconds = static_cast<unsigned>(patience.count() * 1000);
  const int fd = ssh_get_fd(session);
  // Without it the timeouts of libssh remain.
  (void)::setsockopt(
      fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, static_cast<socklen_t>(sizeof(int)));
}

class LibsshChannel final : public CommandChannel {
 public:
  LibsshChannel(std::shared_ptr<ssh_session_struct> session,
                ssh_channel channel,
                std::chrono::seconds patience)
      : session_(std::move(session)), channel_(channel), patience_(patience) {}
  ~LibsshChannel() override { ssh_channel_free(channel_); }
  LibsshChannel(const LibsshChannel&) = delete;
  LibsshChannel& operator=(const LibsshChannel&) = delete;

  [[nodiscard]] ssh_channel raw() const { return channel_; }

  Status write(std::span<const std::byte> bytes) override {
    constexpr std::size_t kMost = std::size_t{1} << 20U;
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kMost));
      const int sent =
          ssh_channel_write(channel_, piece.data(), static_cast<std::uint32_t>(piece.size()));
      // libssh sends all of it, or has waited for as long as it may.
      if (sent < 0) return gone();
      if (static_cast<std::size_t>(sent) != piece.size()) return silent();
      bytes = bytes.subspan(piece.size());
    }
    return {};
  }

  Status read(std::span<std::byte> into) override {
    while (!into.empty()) {
      const std::size_t got = TRY(read_some(into, false));
      if (got == 0) return gone();
      into = into.subspan(got);
    }
    return {};
  }

  Result<bool> readable() override {
    const int waiting = ssh_channel_poll(channel_, 0);
    if (waiting == SSH_ERROR) return gone();
    return waiting > 0 || waiting == SSH_EOF;
  }

  Status finish() override {
    if (ssh_channel_send_eof(channel_) != SSH_OK) return gone();
    std::string words;
    std::array<std::byte, 512> buffer{};
    for (const bool is_stderr : {false, true}) {
      while (const std::size_t got = TRY(read_some(buffer, is_stderr))) {
        for (const std::byte byte : std::span(buffer).first(got)) {
          if (is_stderr && words.size() < buffer.size()) words += std::to_integer<char>(byte);
        }
      }
    }
    (void)ssh_channel_close(channel_);
    const int code = ssh_channel_get_exit_status(channel_);
    if (code == 0) return {};
    return make_error(
        ErrorKind::kSystem,
        "the server's command failed: {}",
        words.empty() ? fmt::format("exit code {}", code) : escape_control(trim(words)));
  }

 private:
  [[nodiscard]] Error gone() const {
    return make_error(
        ErrorKind::kSystem, "the connection was lost: {}", last_error(session_.get()));
  }
  [[nodiscard]] Error silent() const {
    return make_error(
        ErrorKind::kTimeout, "the server has not answered for {} s", patience_.count());
  }

  /// 0 at end of file.
  Result<std::size_t> read_some(std::span<std::byte> into, bool is_stderr) {
    constexpr std::size_t kMost = std::size_t{1} << 20U;
    const int milliseconds = static_cast<int>(patience_.count() * 1000);
    const int got =
        ssh_channel_read_timeout(channel_,
                                 into.data(),
                                 static_cast<std::uint32_t>(std::min(into.size(), kMost)),
                                 is_stderr ? 1 : 0,
                                 milliseconds);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0) return gone();
    // ssh_channel_is_eof() is false as long as the other stream has something.
    const int waiting = ssh_channel_poll(channel_, is_stderr ? 1 : 0);
    if (waiting == SSH_EOF || ssh_channel_is_open(channel_) == 0) return std::size_t{0};
    if (waiting == SSH_ERROR) return gone();
    return silent();
  }

  std::shared_ptr<ssh_session_struct> session_;
  ssh_channel channel_;
  std::chrono::seconds patience_;
};

Result<std::unique_ptr<LibsshChannel>> open_channel(
    const std::shared_ptr<ssh_session_struct>& session, std::chrono::seconds patience) {
  ssh_channel channel = ssh_channel_new(session.get());
  if (channel == nullptr) return make_error(ErrorKind::kSystem, "ssh: out of memory");
  auto out = std::make_unique<LibsshChannel>(session, channel, patience);
  if (ssh_channel_open_session(channel) != SSH_OK) {
    return make_error(
        ErrorKind::kSystem, "the server opens no channel: {}", last_error(session.get()));
  }
  return out;
}

}  // namespace

void Session::Closer::operator()(ssh_session_struct* session) const {
  ssh_disconnect(session);
  ssh_free(session);
}

Result<Session> Session::connect(const Destination& destination) {
  const Handle handle(ssh_new(), Closer());
  if (!handle) return make_error(ErrorKind::kSystem, "ssh: out of memory");
  TRY(configure(handle.get(), destination));
  if (ssh_connect(handle.get()) != SSH_OK) {
    return make_error(ErrorKind::kSystem,
                      "cannot connect to {} port {}: {}",
                      destination.address,
                      destination.port,
                      last_error(handle.get()));
  }
  bound_silence(handle.get(), destination.patience);
  TRY(check_host_key(handle.get(), destination));
  TRY(authenticate(handle.get(), destination));
  return Session(handle, destination.patience);
}

Result<std::unique_ptr<ByteChannel>> Session::open_sftp() {
  auto channel = TRY(open_channel(handle_, patience_));
  if (ssh_channel_request_sftp(channel->raw()) != SSH_OK) {
    return make_error(ErrorKind::kUnsupported, "the server has no SFTP");
  }
  return std::unique_ptr<ByteChannel>(std::move(channel));
}

Result<std::unique_ptr<CommandChannel>> Session::run(const std::string& command) {
  auto channel = TRY(open_channel(handle_, patience_));
  if (ssh_channel_request_exec(channel->raw(), command.c_str()) != SSH_OK) {
    return make_error(
        ErrorKind::kSystem, "the server runs no command: {}", last_error(handle_.get()));
  }
  return std::unique_ptr<CommandChannel>(std::move(channel));
}

}  // namespace kdump::ssh
