// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::ssh {

/// A packet of the SSH file transfer protocol, version 3 (draft-ietf-secsh-filexfer-02): a length,
/// a type, and big-endian fields. Builds one; bytes() completes the length.
class SftpPacket {
 public:
  explicit SftpPacket(std::uint8_t type);
  SftpPacket& u32(std::uint32_t value);
  SftpPacket& u64(std::uint64_t value);
  SftpPacket& text(std::string_view value);
  SftpPacket& data(std::span<const std::byte> value);
  [[nodiscard]] std::span<const std::byte> bytes();

 private:
  std::vector<std::byte> bytes_;
};

/// Takes the fields of a packet that came in apart. kBadData: it ends too early.
class SftpFields {
 public:
  explicit SftpFields(std::span<const std::byte> bytes) : rest_(bytes) {}
  Result<std::uint8_t> u8();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::string> text();
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  Result<std::uint64_t> integer(std::size_t size);

  std::span<const std::byte> rest_;
};

}  // namespace kdump::ssh
