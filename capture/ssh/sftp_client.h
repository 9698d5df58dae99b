// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/ssh/byte_channel.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kdump::ssh {

class SftpPacket;

/// A client of the SSH file transfer protocol, version 3, for writing files: as many writes at
/// offsets as are worth it are on their way before the first is answered. Errors of the server name
/// the path and carry its own words; kUnsupported: it cannot do that.
class SftpClient {
 public:
  /// The first exchange. kUnsupported: nobody who speaks the protocol is there.
  static Result<SftpClient> start(std::unique_ptr<ByteChannel> channel);

  struct File {
    std::string handle;
    std::string path;
  };

  /// Creates a file, or empties it, with mode 0600.
  Result<File> create(const std::string& path);
  /// Sends the bytes. An error may be that of an earlier write.
  Status write_at(const File& file, std::uint64_t offset, std::span<const std::byte> bytes);
  /// All that was written has arrived, has mode 0600, and is on the server's disk where it can say
  /// so (fsync@openssh.com).
  Status finish(const File& file);
  /// Replaces `to` where the server can (posix-rename@openssh.com).
  Status rename(const std::string& from, const std::string& to);
  /// A folder that is there already is success.
  Status make_folder(const std::string& path);
  /// Bytes that a user may still write on the file system of `path` (statvfs@openssh.com).
  Result<std::uint64_t> available(const std::string& path);

 private:
  explicit SftpClient(std::unique_ptr<ByteChannel> channel) : channel_(std::move(channel)) {}

  struct Reply {
    std::uint8_t type = 0;
    std::uint32_t id = 0;
    std::vector<std::byte> fields;
  };
  Result<Reply> read_reply();
  Status take_write_reply();
  Status take_write_replies(std::size_t most_left);
  Result<Reply> ask(SftpPacket& packet, std::uint32_t id);
  Status ask_for_status(SftpPacket& packet, std::uint32_t id, const std::string& what);
  Status sync(const File& file);

  std::unique_ptr<ByteChannel> channel_;
  std::uint32_t next_id_ = 1;
  std::map<std::uint32_t, std::uint64_t> writes_;  ///< id -> offset, not answered yet
  std::set<std::string, std::less<>> extensions_;
};

}  // namespace kdump::ssh
