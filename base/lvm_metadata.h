// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

/// One part of a logical volume: stripes over physical volumes; a linear part has one. Sizes and
/// offsets in sectors of 512 bytes.
struct LvmSegment {
  struct Area {
    std::string physical_volume;  ///< UUID, without hyphens
    std::uint64_t offset = 0;     ///< of the area on the physical volume
    friend bool operator==(const Area&, const Area&) = default;
  };
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t stripe_size = 0;  ///< 0 with one area
  std::vector<Area> areas;
  friend bool operator==(const LvmSegment&, const LvmSegment&) = default;
};

/// One of the two volumes of linear and striped parts that a thin pool is made of.
struct LvmPoolPart {
  std::string uuid;  ///< without hyphens
  std::vector<LvmSegment> segments;
  friend bool operator==(const LvmPoolPart&, const LvmPoolPart&) = default;
};

/// Where a thin volume's data is.
struct LvmThin {
  std::uint32_t device_id = 0;   ///< of the volume in its pool
  std::uint64_t length = 0;      ///< of the volume, in sectors
  std::string pool;              ///< name
  std::string pool_uuid;         ///< without hyphens
  std::uint64_t chunk_size = 0;  ///< in sectors
  bool zeroes_new_chunks = true;
  LvmPoolPart metadata;
  LvmPoolPart data;
  friend bool operator==(const LvmThin&, const LvmThin&) = default;
};

/// A logical volume, as its volume group's metadata says: of linear and striped parts, or thin.
struct LvmVolume {
  std::string group;
  std::string name;
  std::int64_t sequence = 0;         ///< the metadata's seqno: the higher one is the newer one
  std::vector<LvmSegment> segments;  ///< none of a thin volume
  std::optional<LvmThin> thin = std::nullopt;
  friend bool operator==(const LvmVolume&, const LvmVolume&) = default;
};

/// UUIDs are written with hyphens in some places and without in others.
[[nodiscard]] std::string without_hyphens(std::string_view uuid);

/// The committed metadata text of the volume group that the physical volume at `path` belongs to
/// (LVM2, format lvm2: label, metadata area, text). kNotFound when it is no physical volume or
/// carries no metadata, kBadData for a wrong checksum.
Result<std::string> read_lvm_metadata(const std::string& path);

/// Sectors of all the parts together; they follow each other.
[[nodiscard]] std::uint64_t length_of(const std::vector<LvmSegment>& segments);

/// The volume with this UUID in that text. kNotFound when the group has none; kUnsupported when
/// writing to it needs more than linear and striped parts and thin pools of such: other types, a
/// thin volume with an external origin, a volume that is a snapshot or has some (thin snapshots are
/// volumes like others).
Result<LvmVolume> find_lvm_volume(std::string_view metadata, std::string_view volume_uuid);

}  // namespace kdump
