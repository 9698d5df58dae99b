// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kdump::agent {

/// One row of a device-mapper table (Documentation/admin-guide/device-mapper): sectors of 512
/// bytes.
struct MapRow {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::string type;        ///< "linear", "striped", "crypt", "thin"
  std::string parameters;  ///< "254:16 2048"
  friend bool operator==(const MapRow&, const MapRow&) = default;
};

struct MappedDevice {
  std::string name;
  std::string uuid;
  std::vector<MapRow> table;
};

/// The device's tables as DM_TABLE_LOAD takes them (linux/dm-ioctl.h): struct dm_ioctl, then a
/// struct dm_target_spec with its parameters for each row. kUsage for a name or parameter that does
/// not fit.
Result<std::vector<std::byte>> encode_table(const MappedDevice& device);

/// Creates and activates the device through `control` (/dev/mapper/control) and returns its
/// "major:minor". One with this UUID that is active already, of a target before, is taken as it is.
/// Blocks as long as the kernel does.
Result<std::string> create_mapped_device(const std::string& control, const MappedDevice& device);

}  // namespace kdump::agent
