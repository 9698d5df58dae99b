// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/ssh/session.h"
#include "capture/ssh/sftp_client.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace kdump::ssh {

/// A file on the server that has the name NAME-incomplete until publish().
class RemoteFile {
 public:
  RemoteFile() = default;
  RemoteFile(const RemoteFile&) = delete;
  RemoteFile& operator=(const RemoteFile&) = delete;
  virtual ~RemoteFile() = default;

  /// Where `accepts_any_order()` is false each write begins where the last one ended.
  virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  [[nodiscard]] virtual bool accepts_any_order() const = 0;
  /// All of it is there, mode 0600, and gets its name.
  virtual Status publish() = 0;
  /// It is not whole and keeps its incomplete name; what has been written so far arrives there as
  /// far as it still can.
  virtual void abandon() = 0;
};

/// Where files go on a server: through SFTP where it has that, else through its cat.
class RemotePlace {
 public:
  RemotePlace() = default;
  RemotePlace(const RemotePlace&) = delete;
  RemotePlace& operator=(const RemotePlace&) = delete;
  virtual ~RemotePlace() = default;

  /// Creates the folder and those above it, with mode 0700.
  virtual Status make_folders(const std::string& path) = 0;
  [[nodiscard]] virtual bool accepts_any_order() const = 0;
  virtual Result<std::unique_ptr<RemoteFile>> create(const std::string& path) = 0;
  /// Bytes that may be written there; kUnsupported: it cannot be said.
  virtual Result<std::uint64_t> available(const std::string& path) = 0;
};

/// NAME-incomplete, but NAME-incomplete.txt for NAME.txt, as on local targets.
[[nodiscard]] std::string incomplete_name(const std::string& path);

/// `text` as one word of a POSIX shell's command line: the server's login shell reads it.
[[nodiscard]] std::string shell_word(const std::string& text);

/// Through SFTP; of its own for tests.
std::unique_ptr<RemotePlace> sftp_place(SftpClient client);
std::unique_ptr<RemotePlace> command_place(Session session);

/// The better one of the two that the server has.
Result<std::unique_ptr<RemotePlace>> open_place(Session session);

}  // namespace kdump::ssh
