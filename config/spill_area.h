// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/packed_int.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kdump::config {

/// The head of a device on which the agent leaves what it can when no dump target took anything:
/// why, and the crashed kernel's messages (spill_device of kdump.conf). kdumpctl fetches it on the
/// next boot.

/// How much of a device is used at most, and what it must have at least, in bytes.
inline constexpr std::uint64_t kMostSpillArea = std::uint64_t{16} << 20U;
inline constexpr std::uint64_t kLeastSpillArea = std::uint64_t{64} << 10U;
/// What the header takes; behind it the record, then the messages, without gaps.
inline constexpr std::size_t kSpillHeaderRoom = 4096;

/// On the device. A format of the project's own.
struct SpillHeader {
  enum State : std::uint32_t { kLeft = 1, kTaken = 2 };
  enum Packing : std::uint32_t { kPlain = 0, kZstd = 1 };
  static constexpr std::string_view kMagic = "kdump-spill-area";
  static constexpr std::uint32_t kVersion = 1;

  std::array<char, 16> magic{};
  Le32 version = kVersion;
  Le32 state = kLeft;
  Le32 packing = kPlain;  ///< of the messages
  Le32 is_cut = 0;        ///< 1: the beginning of the messages did not fit
  Le64 record_size = 0;   ///< bytes
  Le64 dmesg_size = 0;    ///< likewise, as they lie there
  Le64 text_size = 0;     ///< likewise, unpacked
  Le32 record_crc = 0;    ///< CRC-32 (IEEE 802.3), of what lies there
  Le32 dmesg_crc = 0;
  Le32 header_crc = 0;  ///< of all before it
};
static_assert(sizeof(SpillHeader) == 68);

struct SpillContent {
  std::string record;
  std::string dmesg;
  bool is_cut = false;  ///< the beginning of dmesg is missing
};

/// The first bytes of an area of `size` bytes with the record and the messages: packed by zstd when
/// they are longer than the room, and then without as much of their beginning as needs be. kUsage
/// for an area under kLeastSpillArea; of a record longer than half of it the end is cut off.
Result<std::string> pack_spill_area(std::string_view record,
                                    std::string_view dmesg,
                                    std::uint64_t size);

/// Writes those bytes to the head of a device so that a power cut leaves a whole area or none.
Status write_spill_area(int fd, std::string_view bytes);

/// What was left on a device and not yet taken; nothing when there is none. kBadData when it is
/// damaged, which says what of it.
Result<std::optional<SpillContent>> read_spill_area(int fd);

/// From now on read_spill_area() finds nothing there; the bytes stay.
Status mark_spill_area_taken(int fd);

}  // namespace kdump::config
