// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kdump::kexec {

/// Whether unpacking shall go on.
using PieceTaker = std::function<bool(std::span<const std::byte> piece)>;

/// Hands on, piece by piece, what one compressed stream holds: gzip, bzip2, lzma, xz, lz4 or zstd;
/// anything else as it stands. kBadData for a damaged or cut stream, after the pieces before.
Status unpack(std::span<const std::byte> packed, const PieceTaker& take);

/// All of it; kBadData also when it would be more than `most` bytes.
Result<std::vector<std::byte>> unpack(std::span<const std::byte> packed, std::uint64_t most);

}  // namespace kdump::kexec
