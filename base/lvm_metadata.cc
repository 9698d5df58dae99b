// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/lvm_metadata.h"

#include "base/byte_reader.h"
#include "base/checked_math.h"
#include "base/crc32.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/lvm_text.h"
#include "base/packed_int.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace kdump {
namespace {

// lib/format_text/layout.h and lib/label/label.h of LVM2.
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kLabelSectors = 4;
constexpr std::uint64_t kMostMetadata = std::uint64_t{64} << 20U;
constexpr int kMostAreas = 32;
constexpr std::uint32_t kInitialCrc = 0xf597a6cf;
constexpr std::uint32_t kIgnored = 1;  // RAW_LOCN_IGNORED
// MAX_DEV_ID and DATA_DEV_BLOCK_SIZE_MAX_SECTORS of drivers/md/dm-thin.c and dm-thin-metadata.h.
constexpr std::uint64_t kHighestThinDevice = (1U << 24U) - 1;
constexpr std::uint64_t kLargestChunk = 1U << 21U;
constexpr std::string_view kLabelId = "LABELONE";
constexpr std::string_view kLabelType = "LVM2 001";
constexpr std::string_view kAreaMagic = " LVM2 x[5A%r0N*>";

struct LabelHeader {
  std::array<char, 8> id;
  Le64 sector;
  Le32 crc;
  Le32 offset;  // of the physical volume's header from the label
  std::array<char, 8> type;
};
static_assert(sizeof(LabelHeader) == 32);

struct DiskLocation {
  Le64 offset;
  Le64 size;
};

struct RawLocation {
  Le64 offset;
  Le64 size;
  Le32 checksum;
  Le32 flags;
};

struct AreaHeader {
  Le32 checksum;
  std::array<char, 16> magic;
  Le32 version;
  Le64 start;
  Le64 size;
  std::array<RawLocation, 4> locations;
};
static_assert(sizeof(AreaHeader) == 136);

template <std::size_t N>
bool equals(const std::array<char, N>& bytes, std::string_view text) {
  return std::string_view(bytes.data(), N) == text;
}

// lib/misc/crc.c: CRC-32 without the last inversion.
std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return crc32_register(bytes, kInitialCrc);
}

template <typename T>
Result<T> read_struct(int fd, std::uint64_t offset) {
  std::array<std::byte, sizeof(T)> bytes{};
  TRY(read_exact_at(fd, bytes, offset));
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Offset of the physical volume's header; its label is in one of the first sectors.
Result<std::uint64_t> find_header(int fd) {
  for (std::uint64_t sector = 0; sector < kLabelSectors; ++sector) {
    const auto label = TRY(read_struct<LabelHeader>(fd, sector * kSector));
    if (!equals(label.id, kLabelId) || !equals(label.type, kLabelType)) continue;
    if (label.offset < sizeof(LabelHeader) || label.offset > kSector) {
      return make_error(ErrorKind::kBadData, "the LVM label is damaged");
    }
    return sector * kSector + label.offset;
  }
  return make_error(ErrorKind::kNotFound, "no LVM physical volume");
}

// The header's UUID and size are followed by two lists that a zero ends: data and metadata areas.
Result<std::vector<DiskLocation>> metadata_areas(int fd, std::uint64_t header) {
  std::uint64_t at = header + 32 + 8;
  std::vector<DiskLocation> areas;
  int lists = 0;
  for (int i = 0; i < kMostAreas && lists < 2; ++i, at += sizeof(DiskLocation)) {
    const auto location = TRY(read_struct<DiskLocation>(fd, at));
    if (location.offset == 0) {
      ++lists;
    } else if (lists == 1) {
      areas.push_back(location);
    }
  }
  return areas;
}

// The text is kept in a ring that begins after the area's header.
Result<std::string> read_area(int fd, std::uint64_t offset) {
  const auto area = TRY(read_struct<AreaHeader>(fd, offset));
  if (!equals(area.magic, kAreaMagic)) {
    return make_error(ErrorKind::kBadData, "the LVM metadata area is damaged");
  }
  const RawLocation& text = area.locations.front();
  if (text.offset == 0 || text.size == 0 || (text.flags & kIgnored) != 0) {
    return make_error(ErrorKind::kNotFound, "the physical volume carries no metadata");
  }
  if (area.size <= kSector ||
      text.size > std::min<std::uint64_t>(area.size - kSector, kMostMetadata) ||
      text.offset < kSector || text.offset >= area.size ||
      !checked_add<std::uint64_t>(offset, area.size)) {
    return make_error(ErrorKind::kBadData, "the LVM metadata area is damaged");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(text.size));
  const auto first =
      static_cast<std::size_t>(std::min<std::uint64_t>(text.size, area.size - text.offset));
  TRY(read_exact_at(fd, std::span(bytes).first(first), offset + text.offset));
  TRY(read_exact_at(fd, std::span(bytes).subspan(first), offset + kSector));
  if (crc_of(bytes) != text.checksum) {
    return make_error(ErrorKind::kBadData, "the LVM metadata has a wrong checksum");
  }
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());  // NOLINT
}

struct PhysicalVolume {
  std::string uuid;
  std::uint64_t start = 0;
};

Result<std::uint64_t> at_least_zero(std::int64_t value) {
  if (value < 0) return make_error(ErrorKind::kBadData, "LVM metadata: a negative number");
  return static_cast<std::uint64_t>(value);
}

Error out_of_range() { return make_error(ErrorKind::kBadData, "LVM metadata: out of range"); }

/// One volume group's text, read.
class Group {
 public:
  static Result<Group> parse(std::string_view metadata) {
    Group out;
    const LvmSection file = TRY(parse_lvm_text(metadata));
    for (const auto& [name, section] : file.sections) {
      if (!section.sections.contains("physical_volumes")) continue;
      out.name_ = name;
      out.section_ = section;
    }
    if (out.name_.empty()) {
      return make_error(ErrorKind::kBadData, "LVM metadata: no volume group in it");
    }
    out.extent_ = TRY(at_least_zero(TRY(out.section_.number("extent_size"))));
    const LvmSection& volumes = *TRY(out.section_.section("physical_volumes"));
    for (const auto& [name, volume] : volumes.sections) {
      const std::string id = TRY(volume.text("id"));
      const std::uint64_t start = TRY(at_least_zero(TRY(volume.number("pe_start"))));
      out.physical_[name] = {without_hyphens(id), start};
    }
    return out;
  }

  [[nodiscard]] Result<LvmVolume> find(std::string_view uuid) const {
    const auto volumes = section_.sections.find("logical_volumes");
    if (volumes != section_.sections.end()) {
      for (const auto& [name, volume] : volumes->second.sections) {
        if (without_hyphens(TRY(volume.text("id"))) == uuid) return read_volume(name, volume);
      }
    }
    return make_error(ErrorKind::kNotFound, "volume group {} has no such logical volume", name_);
  }

 private:
  [[nodiscard]] Result<LvmVolume> read_volume(const std::string& name,
                                              const LvmSection& volume) const {
    TRY(check_snapshots(name));
    const auto sequence = TRY(section_.number("seqno"));
    LvmVolume out{name_, name, sequence, {}};
    const LvmSection* thin = segment_of_type(volume, "thin");
    if (thin == nullptr) {
      out.segments = TRY(read_segments(volume));
    } else {
      out.thin = TRY(read_thin(*thin));
    }
    return out;
  }

  static const LvmSection* segment_of_type(const LvmSection& volume, std::string_view type) {
    for (const auto& [part, segment] : volume.sections) {
      const auto found =
          part.starts_with("segment") ? segment.text("type") : Result<std::string>("");
      if (found && *found == type) return &segment;
    }
    return nullptr;
  }

  /// A write to the origin of a snapshot has to be copied first, and one to the snapshot goes
  /// elsewhere. The group has a volume of its own that says so.
  [[nodiscard]] Status check_snapshots(std::string_view name) const {
    for (const auto& [other, volume] : TRY(section_.section("logical_volumes"))->sections) {
      const LvmSection* snapshot = segment_of_type(volume, "snapshot");
      if (snapshot == nullptr) continue;
      for (const char* role : {"origin", "cow_store", "merging_store"}) {
        const auto found = snapshot->text(role);
        if (!found || *found != name) continue;
        return make_error(ErrorKind::kUnsupported, "an LVM volume that is a snapshot or has one");
      }
    }
    return {};
  }

  [[nodiscard]] Result<const LvmSection*> volume_called(const std::string& name) const {
    return TRY(section_.section("logical_volumes"))->section(name);
  }

  [[nodiscard]] Result<LvmPoolPart> read_pool_part(const std::string& name) const {
    const LvmSection& volume = *TRY(volume_called(name));
    LvmPoolPart out;
    out.uuid = without_hyphens(TRY(volume.text("id")));
    out.segments = TRY(read_segments(volume));
    return out;
  }

  [[nodiscard]] Result<LvmThin> read_thin(const LvmSection& segment) const {
    if (segment.values.contains("external_origin")) {
      return make_error(ErrorKind::kUnsupported, "a thin LVM volume with an external origin");
    }
    LvmThin out;
    out.device_id = static_cast<std::uint32_t>(
        TRY(number_between(segment, "device_id", 0, kHighestThinDevice)));
    out.length = TRY(sectors(TRY(segment.number("extent_count"))));
    out.pool = TRY(segment.text("thin_pool"));
    const LvmSection& pool_volume = *TRY(volume_called(out.pool));
    const LvmSection* pool = segment_of_type(pool_volume, "thin-pool");
    if (pool == nullptr || out.length == 0) return out_of_range();
    out.pool_uuid = without_hyphens(TRY(pool_volume.text("id")));
    out.chunk_size = TRY(number_between(*pool, "chunk_size", 1, kLargestChunk));
    if (pool->values.contains("zero_new_blocks")) {
      out.zeroes_new_chunks = TRY(pool->number("zero_new_blocks")) != 0;
    }
    out.metadata = TRY(read_pool_part(TRY(pool->text("metadata"))));
    out.data = TRY(read_pool_part(TRY(pool->text("pool"))));
    return out;
  }

  static Result<std::uint64_t> number_between(const LvmSection& section,
                                              std::string_view name,
                                              std::uint64_t least,
                                              std::uint64_t most) {
    const std::uint64_t value = TRY(at_least_zero(TRY(section.number(name))));
    if (value < least || value > most) return out_of_range();
    return value;
  }

  [[nodiscard]] Result<std::vector<LvmSegment>> read_segments(const LvmSection& volume) const {
    std::vector<LvmSegment> out;
    for (const auto& [part, segment] : volume.sections) {
      if (part.starts_with("segment")) out.push_back(TRY(read_segment(segment)));
    }
    std::sort(
        out.begin(), out.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    std::uint64_t end = 0;
    for (const LvmSegment& segment : out) {
      if (segment.start != end) return out_of_range();
      end += segment.length;
    }
    if (end == 0) return out_of_range();
    return out;
  }

  [[nodiscard]] Result<std::uint64_t> sectors(std::int64_t extents) const {
    const auto product = checked_mul(TRY(at_least_zero(extents)), extent_);
    // Within what a 64-bit file offset can address, so that sums of two stay in range.
    if (!product || *product > (std::uint64_t{1} << 54U)) return out_of_range();
    return *product;
  }

  [[nodiscard]] Result<LvmSegment> read_segment(const LvmSection& segment) const {
    const std::string type = TRY(segment.text("type"));
    if (type != "striped" && type != "linear") {
      return make_error(ErrorKind::kUnsupported, "an LVM volume with a part of type '{}'", type);
    }
    LvmSegment out;
    out.start = TRY(sectors(TRY(segment.number("start_extent"))));
    out.length = TRY(sectors(TRY(segment.number("extent_count"))));
    const LvmList stripes = TRY(segment.list("stripes"));
    for (std::size_t i = 0; i + 1 < stripes.size(); i += 2) {
      const auto* name = std::get_if<std::string>(&stripes[i].value);
      const auto* extent = std::get_if<std::int64_t>(&stripes[i + 1].value);
      const auto found = name == nullptr ? physical_.end() : physical_.find(*name);
      if (extent == nullptr || found == physical_.end()) return out_of_range();
      const auto offset = checked_add(found->second.start, TRY(sectors(*extent)));
      if (!offset) return out_of_range();
      out.areas.push_back({found->second.uuid, *offset});
    }
    if (out.areas.empty() || out.areas.size() > 256) return out_of_range();
    if (out.areas.size() > 1) {
      out.stripe_size = TRY(at_least_zero(TRY(segment.number("stripe_size"))));
      if (out.stripe_size == 0 || out.stripe_size > UINT32_MAX) return out_of_range();
    }
    return out;
  }

  std::string name_;
  LvmSection section_;
  std::uint64_t extent_ = 0;  // sectors
  std::map<std::string, PhysicalVolume, std::less<>> physical_;
};

}  // namespace

std::string without_hyphens(std::string_view uuid) {
  std::string out;
  for (const char c : uuid) {
    if (c != '-') out += c;
  }
  return out;
}

Result<std::string> read_lvm_metadata(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  const std::uint64_t header = TRY(find_header(fd.raw()));
  std::optional<Error> last;
  for (const DiskLocation& area : TRY(metadata_areas(fd.raw(), header))) {
    auto text = read_area(fd.raw(), area.offset);
    if (text) return text;
    last = text.error();
  }
  if (last) return Error(*last).with_context(path);
  return make_error(ErrorKind::kNotFound, "{}: the physical volume carries no metadata", path);
}

std::uint64_t length_of(const std::vector<LvmSegment>& segments) {
  return segments.empty() ? 0 : segments.back().start + segments.back().length;
}

Result<LvmVolume> find_lvm_volume(std::string_view metadata, std::string_view volume_uuid) {
  const Group group = TRY(Group::parse(metadata));
  return group.find(without_hyphens(volume_uuid));
}

}  // namespace kdump
