// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/sftp_packet.h"

#include "base/io.h"

namespace kdump::ssh {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr unsigned kByteBits = 8;

void append_integer(std::vector<std::byte>& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) {
    bytes.push_back(static_cast<std::byte>(value >> (i * kByteBits)));
  }
}

}  // namespace

SftpPacket::SftpPacket(std::uint8_t type) : bytes_(kLengthSize) { append_integer(bytes_, type, 1); }

SftpPacket& SftpPacket::u32(std::uint32_t value) {
  append_integer(bytes_, value, sizeof(value));
  return *this;
}

SftpPacket& SftpPacket::u64(std::uint64_t value) {
  append_integer(bytes_, value, sizeof(value));
  return *this;
}

SftpPacket& SftpPacket::text(std::string_view value) { return data(as_bytes(value)); }

SftpPacket& SftpPacket::data(std::span<const std::byte> value) {
  u32(static_cast<std::uint32_t>(value.size()));
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

std::span<const std::byte> SftpPacket::bytes() {
  const std::size_t length = bytes_.size() - kLengthSize;
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    bytes_[i] = static_cast<std::byte>(length >> ((kLengthSize - 1 - i) * kByteBits));
  }
  return bytes_;
}

Result<std::uint64_t> SftpFields::integer(std::size_t size) {
  if (rest_.size() < size) {
    return make_error(ErrorKind::kBadData, "an SFTP packet of the server ends too early");
  }
  std::uint64_t value = 0;
  for (const std::byte byte : rest_.first(size)) {
    value = value << kByteBits | std::to_integer<std::uint64_t>(byte);
  }
  rest_ = rest_.subspan(size);
  return value;
}

Result<std::uint8_t> SftpFields::u8() { return static_cast<std::uint8_t>(TRY(integer(1))); }

Result<std::uint32_t> SftpFields::u32() {
  return static_cast<std::uint32_t>(TRY(integer(sizeof(std::uint32_t))));
}

Result<std::uint64_t> SftpFields::u64() { return integer(sizeof(std::uint64_t)); }

Result<std::string> SftpFields::text() {
  const std::size_t size = TRY(u32());
  if (rest_.size() < size) {
    return make_error(ErrorKind::kBadData, "an SFTP packet of the server ends too early");
  }
  std::string value;
  for (const std::byte byte : rest_.first(size)) value += std::to_integer<char>(byte);
  rest_ = rest_.subspan(size);
  return value;
}

}  // namespace kdump::ssh
