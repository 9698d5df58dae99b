// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/lzo_writer.h"

#include <cstdint>

namespace kdump::capture {
namespace {

// Three kinds of matches, by distance and length.
constexpr std::size_t kNear = 0x800;
constexpr std::size_t kNearLength = 8;
constexpr std::size_t kMiddle = 0x4000;
constexpr std::size_t kMiddleLength = 33;
constexpr std::size_t kFarLength = 9;
constexpr std::size_t kMiddleMark = 0x20;
constexpr std::size_t kFarMark = 0x10;
constexpr std::size_t kDistanceMask = 0x3fff;
// Literals: in the two low bits of the match before them; in a byte; at the start of the block.
constexpr std::size_t kInMatch = 3;
constexpr std::size_t kInByte = 18;
constexpr std::size_t kAtStart = 238;
constexpr std::size_t kStartBase = 17;

std::byte to_byte(std::size_t value) { return static_cast<std::byte>(value & 0xffU); }

/// A length beyond what fits into its field: a zero for each 255, then the rest.
std::byte* put_rest(std::byte* at, std::size_t rest) {
  for (; rest > 0xff; rest -= 0xff) *at++ = std::byte{0};
  *at++ = to_byte(rest);
  return at;
}

}  // namespace

std::byte* LzoWriter::literals(std::size_t count) {
  if (count == 0) return at_;
  const bool at_start = at_ == start_;
  if (at_start && count <= kAtStart) {
    *at_++ = to_byte(kStartBase + count);
  } else if (!at_start && count <= kInMatch) {
    at_[-2] |= to_byte(count);
  } else if (count <= kInByte) {
    *at_++ = to_byte(count - kInMatch);
  } else {
    *at_++ = std::byte{0};
    at_ = put_rest(at_, count - kInByte);
  }
  std::byte* const place = at_;
  at_ += count;
  return place;
}

void LzoWriter::match(std::size_t length, std::size_t distance) {
  if (distance <= kNear && length <= kNearLength) {
    const std::size_t back = distance - 1;
    *at_++ = to_byte((length - 1) << 5U | (back & 7U) << 2U);
    *at_++ = to_byte(back >> 3U);
    return;
  }
  const bool far = distance > kMiddle;
  const std::size_t back = far ? distance - kMiddle : distance - 1;
  const std::size_t mark = far ? kFarMark | (back & ~kDistanceMask) >> 11U : kMiddleMark;
  const std::size_t in_field = far ? kFarLength : kMiddleLength;
  if (length <= in_field) {
    *at_++ = to_byte(mark | (length - 2));
  } else {
    *at_++ = to_byte(mark);
    at_ = put_rest(at_, length - in_field);
  }
  *at_++ = to_byte((back & kDistanceMask) << 2U);
  *at_++ = to_byte((back & kDistanceMask) >> 6U);
}

std::size_t LzoWriter::finish() {
  // A far match of no distance.
  *at_++ = to_byte(kFarMark | 1U);
  *at_++ = std::byte{0};
  *at_++ = std::byte{0};
  return static_cast<std::size_t>(at_ - start_);
}

}  // namespace kdump::capture
