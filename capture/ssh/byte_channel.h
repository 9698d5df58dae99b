// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>

namespace kdump::ssh {

/// Two ways of bytes to a program on the other machine. Every call ends within the patience that
/// the channel was opened with (kTimeout); kSystem: the other side is gone.
class ByteChannel {
 public:
  ByteChannel() = default;
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;
  virtual ~ByteChannel() = default;

  virtual Status write(std::span<const std::byte> bytes) = 0;
  /// Exactly this many bytes.
  virtual Status read(std::span<std::byte> into) = 0;
  /// Whether something is there to be read now.
  virtual Result<bool> readable() = 0;
};

}  // namespace kdump::ssh
