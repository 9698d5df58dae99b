// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/kernel_facts.h"

#include <cstdint>
#include <functional>
#include <string>

namespace kdump::mkdumprd {

struct ImageSize {
  std::uint64_t packed = 0;    ///< bytes of the image file
  std::uint64_t unpacked = 0;  ///< bytes of file content that the capture kernel keeps in memory
};

/// Called with the number of entries written and of all entries.
using WriteProgress = std::function<void(std::size_t, std::size_t)>;

/// Writes the plan as a newc cpio archive (Documentation/driver-api/early-userspace/
/// buffer-format.rst), packed, to `path`: mode 0600, a temporary file in the same folder, fsync,
/// rename. The same plan over the same files gives the same bytes: entries are sorted, times are 0,
/// the owner is 0:0, inode numbers count from 1.
Result<ImageSize> write_image(const SysRoot& root,
                              const ImagePlan& plan,
                              Packing packing,
                              const std::string& path,
                              const WriteProgress& progress);

}  // namespace kdump::mkdumprd
