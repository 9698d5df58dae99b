// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/thin_pool.h"

#include "base/checked_math.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/packed_int.h"

#include <array>
#include <limits>
#include <span>

namespace kdump {
namespace {

constexpr std::uint64_t kMagic = 27022010;  // THIN_SUPERBLOCK_MAGIC
constexpr std::uint32_t kNeedsCheck = 1;    // THIN_METADATA_NEEDS_CHECK_FLAG
constexpr std::uint32_t kLargestChunk = 1U << 21U;
constexpr std::uint64_t kSector = 512;

// struct disk_sm_root (drivers/md/persistent-data/dm-space-map-common.h), padded
struct SpaceMapRoot {
  Le64 blocks;
  Le64 allocated;
  std::array<Le64, 14> rest;
};
static_assert(sizeof(SpaceMapRoot) == 128);  // SPACE_MAP_ROOT_SIZE

struct Superblock {
  Le32 checksum;
  Le32 flags;
  Le64 block;
  std::array<std::uint8_t, 16> uuid;
  Le64 magic;
  Le32 version;
  Le32 time;
  Le64 transaction;
  Le64 held_root;
  SpaceMapRoot data;
  SpaceMapRoot metadata;
  Le64 mapping_root;
  Le64 details_root;
  Le32 chunk_size;
};
static_assert(sizeof(Superblock) == 340);

}  // namespace

std::uint64_t ThinPoolState::free_bytes() const {
  const std::uint64_t free = chunks > used_chunks ? chunks - used_chunks : 0;
  return checked_mul(free, chunk_size * kSector)
      .value_or(std::numeric_limits<std::uint64_t>::max());
}

Result<ThinPoolState> read_thin_pool(const std::string& metadata_device) {
  const Fd fd = TRY(Fd::open(metadata_device, O_RDONLY));
  // The kernel writes past the device's cache: what somebody read before may be old.
  (void)::posix_fadvise(fd.raw(), 0, 0, POSIX_FADV_DONTNEED);
  std::array<std::byte, sizeof(Superblock)> bytes{};
  TRY(read_exact_at(fd.raw(), bytes, 0));
  Superblock block;
  std::memcpy(&block, bytes.data(), sizeof(block));
  if (block.magic != kMagic || block.chunk_size == 0 || block.chunk_size > kLargestChunk) {
    return make_error(
        ErrorKind::kBadData, "{} carries no metadata of a thin pool", metadata_device);
  }
  return ThinPoolState{.chunks = block.data.blocks,
                       .used_chunks = block.data.allocated,
                       .chunk_size = block.chunk_size,
                       .needs_check = (block.flags & kNeedsCheck) != 0};
}

}  // namespace kdump
