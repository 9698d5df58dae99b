// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/sftp_client.h"

#include "base/text.h"
#include "capture/ssh/sftp_packet.h"

#include <algorithm>
#include <array>

namespace kdump::ssh {
namespace {

// draft-ietf-secsh-filexfer-02, sections 3, 5, 6 and 7.
constexpr std::uint32_t kVersion = 3;
enum Type : std::uint8_t {
  kInit = 1,
  kVersionReply = 2,
  kOpen = 3,
  kClose = 4,
  kWrite = 6,
  kFsetstat = 10,
  kMkdir = 14,
  kStat = 17,
  kRename = 18,
  kStatus = 101,
  kHandle = 102,
  kAttrs = 105,
  kExtended = 200,
  kExtendedReply = 201
};
constexpr std::uint32_t kOk = 0;
constexpr std::uint32_t kOpUnsupported = 8;
constexpr std::uint32_t kForWriting = 0x02;
constexpr std::uint32_t kCreate = 0x08;
constexpr std::uint32_t kTruncate = 0x10;
constexpr std::uint32_t kHasSize = 0x01;
constexpr std::uint32_t kHasOwner = 0x02;
constexpr std::uint32_t kHasMode = 0x04;
constexpr std::uint32_t kFolderType = 0040000;
constexpr std::uint32_t kTypeMask = 0170000;
// OpenSSH's PROTOCOL file, section 4.
constexpr const char* kFsync = "fsync@openssh.com";
constexpr const char* kPosixRename = "posix-rename@openssh.com";
constexpr const char* kStatvfs = "statvfs@openssh.com";

constexpr std::uint32_t kFileMode = 0600;
constexpr std::uint32_t kFolderMode = 0700;
/// Every server takes packets of 34,000 bytes (section 3).
constexpr std::size_t kPiece = 32768;
/// One MiB on its way fills a link of 100 Mbit/s with a delay of 80 ms.
constexpr std::size_t kMostWrites = 32;
constexpr std::size_t kLongestReply = std::size_t{256} << 10U;

SftpPacket request(Type type, std::uint32_t id) {
  SftpPacket packet(type);
  packet.u32(id);
  return packet;
}

/// "PATH: No such file (SFTP error 2)".
Status status_of(std::span<const std::byte> fields, const std::string& what) {
  SftpFields reply(fields);
  const std::uint32_t code = TRY(reply.u32());
  if (code == kOk) return {};
  const std::string message = reply.at_end() ? std::string("failure") : TRY(reply.text());
  return make_error(code == kOpUnsupported ? ErrorKind::kUnsupported : ErrorKind::kSystem,
                    "{}: {} (SFTP error {})",
                    what,
                    escape_control(message),
                    code);
}

}  // namespace

Result<SftpClient> SftpClient::start(std::unique_ptr<ByteChannel> channel) {
  SftpClient client(std::move(channel));
  SftpPacket hello(kInit);
  hello.u32(kVersion);
  TRY(client.channel_->write(hello.bytes()));
  const auto reply = client.read_reply();
  if (!reply || reply->type != kVersionReply) {
    return make_error(ErrorKind::kUnsupported, "the server does not answer as an SFTP server does");
  }
  // The version stands where other packets have their number.
  SftpFields fields(reply->fields);
  while (!fields.at_end()) {
    client.extensions_.insert(TRY(fields.text()));
    static_cast<void>(TRY(fields.text()));
  }
  return client;
}

Result<SftpClient::Reply> SftpClient::read_reply() {
  std::array<std::byte, 4> head{};
  TRY(channel_->read(head));
  const std::size_t length = TRY(SftpFields(head).u32());
  if (length < 5 || length > kLongestReply) {
    return make_error(ErrorKind::kBadData, "the server sent an SFTP packet of {} bytes", length);
  }
  std::vector<std::byte> bytes(length);
  TRY(channel_->read(bytes));
  SftpFields fields(bytes);
  Reply reply;
  reply.type = TRY(fields.u8());
  reply.id = TRY(fields.u32());
  reply.fields.assign(bytes.begin() + 5, bytes.end());
  return reply;
}

Status SftpClient::take_write_reply() {
  const Reply reply = TRY(read_reply());
  const auto write = writes_.find(reply.id);
  if (write == writes_.end() || reply.type != kStatus) {
    return make_error(ErrorKind::kBadData, "the server answered what was not asked");
  }
  const std::string what = fmt::format("writing at offset {}", write->second);
  writes_.erase(write);
  return status_of(reply.fields, what);
}

Status SftpClient::take_write_replies(std::size_t most_left) {
  while (writes_.size() > most_left) TRY(take_write_reply());
  while (!writes_.empty() && TRY(channel_->readable())) TRY(take_write_reply());
  return {};
}

Result<SftpClient::Reply> SftpClient::ask(SftpPacket& packet, std::uint32_t id) {
  TRY(take_write_replies(0));
  TRY(channel_->write(packet.bytes()));
  Reply reply = TRY(read_reply());
  if (reply.id != id) {
    return make_error(ErrorKind::kBadData, "the server answered what was not asked");
  }
  return reply;
}

Status SftpClient::ask_for_status(SftpPacket& packet, std::uint32_t id, const std::string& what) {
  const Reply reply = TRY(ask(packet, id));
  if (reply.type != kStatus) {
    return make_error(ErrorKind::kBadData, "{}: the server's answer has type {}", what, reply.type);
  }
  return status_of(reply.fields, what);
}

Result<SftpClient::File> SftpClient::create(const std::string& path) {
  const std::uint32_t id = next_id_++;
  SftpPacket packet = request(kOpen, id);
  packet.text(path).u32(kForWriting | kCreate | kTruncate).u32(kHasMode).u32(kFileMode);
  const Reply reply = TRY(ask(packet, id));
  if (reply.type == kHandle) {
    SftpFields fields(reply.fields);
    std::string handle = TRY(fields.text());
    return File{std::move(handle), path};
  }
  TRY(status_of(reply.fields, "cannot create " + path));
  return make_error(ErrorKind::kBadData, "cannot create {}: the server gave no handle", path);
}

Status SftpClient::write_at(const File& file,
                            std::uint64_t offset,
                            std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (auto earlier = take_write_replies(kMostWrites - 1); !earlier) {
      return std::move(earlier).error().with_context(file.path);
    }
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    const std::uint32_t id = next_id_++;
    SftpPacket packet = request(kWrite, id);
    packet.text(file.handle).u64(offset).data(piece);
    TRY(channel_->write(packet.bytes()));
    writes_.emplace(id, offset);
    offset += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

Status SftpClient::sync(const File& file) {
  if (extensions_.find(kFsync) == extensions_.end()) return {};
  const std::uint32_t id = next_id_++;
  SftpPacket packet = request(kExtended, id);
  packet.text(kFsync).text(file.handle);
  return ask_for_status(packet, id, "cannot sync " + file.path);
}

Status SftpClient::finish(const File& file) {
  if (auto written = take_write_replies(0); !written) {
    return std::move(written).error().with_context(file.path);
  }
  // The server's umask may have taken bits of what create() asked for, not added any; but a file
  // that was there before keeps its mode.
  std::uint32_t id = next_id_++;
  SftpPacket mode = request(kFsetstat, id);
  mode.text(file.handle).u32(kHasMode).u32(kFileMode);
  TRY(ask_for_status(mode, id, "cannot set the mode of " + file.path));
  TRY(sync(file));
  id = next_id_++;
  SftpPacket close = request(kClose, id);
  close.text(file.handle);
  return ask_for_status(close, id, "cannot close " + file.path);
}

Status SftpClient::rename(const std::string& from, const std::string& to) {
  const std::uint32_t id = next_id_++;
  const bool posix = extensions_.find(kPosixRename) != extensions_.end();
  SftpPacket packet = request(posix ? kExtended : kRename, id);
  if (posix) packet.text(kPosixRename);
  packet.text(from).text(to);
  return ask_for_status(packet, id, fmt::format("cannot rename {} to {}", from, to));
}

Status SftpClient::make_folder(const std::string& path) {
  std::uint32_t id = next_id_++;
  SftpPacket packet = request(kMkdir, id);
  packet.text(path).u32(kHasMode).u32(kFolderMode);
  const Reply answer = TRY(ask(packet, id));
  auto made = status_of(answer.fields, "cannot create " + path);
  if (made) return made;
  // Version 3 has no code for "it exists".
  id = next_id_++;
  SftpPacket look = request(kStat, id);
  look.text(path);
  const Reply reply = TRY(ask(look, id));
  if (reply.type != kAttrs) return made;
  SftpFields fields(reply.fields);
  const std::uint32_t flags = TRY(fields.u32());
  if ((flags & kHasMode) == 0) return {};
  if ((flags & kHasSize) != 0) static_cast<void>(TRY(fields.u64()));
  if ((flags & kHasOwner) != 0) static_cast<void>(TRY(fields.u64()));
  if ((TRY(fields.u32()) & kTypeMask) == kFolderType) return {};
  return make_error(ErrorKind::kSystem, "{} is not a folder on the server", path);
}

Result<std::uint64_t> SftpClient::available(const std::string& path) {
  if (extensions_.find(kStatvfs) == extensions_.end()) {
    return make_error(ErrorKind::kUnsupported, "the server does not tell how much room it has");
  }
  const std::uint32_t id = next_id_++;
  SftpPacket packet = request(kExtended, id);
  packet.text(kStatvfs).text(path);
  const Reply reply = TRY(ask(packet, id));
  if (reply.type != kExtendedReply) {
    TRY(status_of(reply.fields, path));
    return make_error(ErrorKind::kBadData, "{}: the server's answer is of no use", path);
  }
  // f_bsize, f_frsize, f_blocks, f_bfree, f_bavail ...
  SftpFields fields(reply.fields);
  static_cast<void>(TRY(fields.u64()));
  const std::uint64_t unit = TRY(fields.u64());
  static_cast<void>(TRY(fields.u64()));
  static_cast<void>(TRY(fields.u64()));
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(unit, TRY(fields.u64()), &bytes)) bytes = UINT64_MAX;
  return bytes;
}

}  // namespace kdump::ssh
