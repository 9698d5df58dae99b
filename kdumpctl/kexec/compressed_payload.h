// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kdump::kexec {

/// The name of the compression that data beginning like this has ("gzip", "zstd", ...), of those
/// that the kernel can unpack; empty when it is none of them.
[[nodiscard]] std::string_view compression_of(std::span<const std::byte> data);

struct Payload {
  std::string_view compression;
  std::uint64_t unpacked_size = 0;  ///< bytes, as the kernel's build wrote it behind the stream
};

/// A compressed kernel as the kernel's build leaves it: one stream and its unpacked size as 32
/// little-endian bits (for gzip they are the end of the stream itself). The stream's structure is
/// walked where the format allows it without unpacking (zstd, lz4: every block, ending exactly at
/// the end; xz: both ends; lzo: the end mark). A stream that is cut, or that nothing can recognise,
/// is kBadData.
Result<Payload> check_payload(std::span<const std::byte> payload);

}  // namespace kdump::kexec
