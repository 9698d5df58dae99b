// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace kdump::mkdumprd {

/// What lies on a block device, as libblkid finds it; "" for what is not there.
struct ProbedFileSystem {
  std::string type;  ///< "ext4", "xfs", "LVM2_member", "crypto_LUKS" ...
  std::string uuid;
  std::string label;
  std::string part_uuid;         ///< of the partition that the device is
  std::string part_label;        ///< likewise
  std::string external_journal;  ///< UUID of an external journal or log device
};

/// Probes a device (or a file with a file system's bytes in it, which is what tests do). A device
/// without any signature gives empty fields; contradicting signatures are kBadData.
Result<ProbedFileSystem> probe_file_system(const std::string& path);

}  // namespace kdump::mkdumprd
