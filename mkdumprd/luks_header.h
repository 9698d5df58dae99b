// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace kdump::mkdumprd {

/// How the data of a LUKS2 volume is encrypted, in sectors of 512 bytes where not said otherwise.
struct LuksSegment {
  std::string uuid;    ///< of the volume
  std::string cipher;  ///< "aes-xts-plain64"
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< 0: to the end of the device
  std::uint64_t iv_offset = 0;
  unsigned sector_size = 512;  ///< in bytes
};

/// Reads the primary header on a device, or in a file with its bytes (LUKS2 On-Disk Format
/// Specification 1.1, chapters 2 and 3). kBadData for none or a damaged one; kUnsupported, with the
/// reason in words, for a volume that is more than one dm-crypt mapping: LUKS1, re-encryption under
/// way, authenticated encryption, a header apart from its data.
Result<LuksSegment> read_luks_segment(const std::string& device);

}  // namespace kdump::mkdumprd
