// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kdump {

/// EINTR and short counts are handled here and nowhere else.

/// Reads exactly `into.size()` bytes at `offset`; end of file before that is kUnreadable.
Status read_exact_at(int fd, std::span<std::byte> into, std::uint64_t offset);

/// Reads up to `into.size()` bytes from the current position; 0 at end of file.
Result<std::size_t> read_some(int fd, std::span<std::byte> into);

Status write_all(int fd, std::span<const std::byte> bytes);
Status write_all_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset);
Status write_all(int fd, std::string_view text);

/// The whole file as text. Works for /proc and /sys files, whose st_size says nothing. `limit`
/// bounds what a hostile or broken file can cost; a longer file is kBadData.
Result<std::string> read_file(const std::string& path, std::size_t limit = std::size_t{64} << 20U);

/// The same as bytes.
Result<std::vector<std::byte>> read_bytes(const std::string& path,
                                          std::size_t limit = std::size_t{64} << 20U);

/// Writes `text` to an existing file (a sysfs or procfs attribute) in one write(2).
Status write_attribute(const std::string& path, std::string_view text);

[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace kdump
