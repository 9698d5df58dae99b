// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "kdumpctl/capture_kernel.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// Whether the capture image has to be built before it is loaded.
struct RebuildDecision {
  enum class Kind { kCurrent, kMissing, kStale, kForced };
  Kind kind = Kind::kCurrent;
  std::vector<std::string> changed;  ///< for kStale: the files that are newer than the image
  [[nodiscard]] bool rebuild() const { return kind != Kind::kCurrent; }
};

/// The sure cases: there is no image; kdump.conf or the kernel (a link or what it leads to) is
/// newer than the image; the toolkit's own programs in it were installed after it was built;
/// force_rebuild. With force_no_rebuild an image is never built: a missing
/// one is kNotFound.
Result<RebuildDecision> check_rebuild(const SysRoot& root,
                                      const config::KdumpConfig& config,
                                      const CaptureKernel& target);

}  // namespace kdump::ctl
