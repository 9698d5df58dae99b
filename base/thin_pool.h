// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace kdump {

/// How a device-mapper thin pool was at its last commit, which is a second old at most.
struct ThinPoolState {
  std::uint64_t chunks = 0;  ///< of the data device
  std::uint64_t used_chunks = 0;
  std::uint32_t chunk_size = 0;  ///< in sectors of 512 bytes
  /// The kernel takes no more writes until thin_check has looked at the metadata.
  bool needs_check = false;
  [[nodiscard]] std::uint64_t free_bytes() const;
  friend bool operator==(const ThinPoolState&, const ThinPoolState&) = default;
};

/// Reads the superblock on a pool's metadata device (struct thin_disk_superblock in the kernel's
/// drivers/md/dm-thin-metadata.c). Its checksum is left to the kernel, which refuses a wrong one;
/// kBadData when there is no such superblock: of zeros the kernel would make a new, empty pool.
Result<ThinPoolState> read_thin_pool(const std::string& metadata_device);

}  // namespace kdump
