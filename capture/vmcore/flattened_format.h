// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/packed_int.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kdump::capture {

/// The flattened format (makedumpfile's IMPLEMENTATION, "flattened format"): a dump file as a
/// stream of records, for pipes. A header of 4096 bytes, then records in any order, each with the
/// place of its bytes in the dump; later ones overwrite earlier ones, what no record covers is
/// zero. A record of offset and size -1 ends the stream. Its integers are big endian.
inline constexpr std::array<char, 16> kFlattenedSignature = {
    'm', 'a', 'k', 'e', 'd', 'u', 'm', 'p', 'f', 'i', 'l', 'e'};
inline constexpr std::int64_t kFlattenedType = 1;
inline constexpr std::int64_t kFlattenedVersion = 1;
inline constexpr std::size_t kFlattenedHeaderSize = 4096;

struct FlattenedHeader {
  std::array<char, 16> signature{};
  BeI64 type;
  BeI64 version;
};
static_assert(sizeof(FlattenedHeader) == 32);

struct FlattenedRecord {
  BeI64 offset;
  BeI64 size;
};
static_assert(sizeof(FlattenedRecord) == 16);
inline constexpr std::int64_t kFlattenedEnd = -1;

}  // namespace kdump::capture
