// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/image_manifest.h"
#include "config/kdump_config.h"
#include "config/sysconfig.h"
#include "kdumpctl/capture_kernel.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// Whether the capture image has to be built before it is loaded.
struct RebuildDecision {
  enum class Kind { kCurrent, kMissing, kStale, kForced };
  Kind kind = Kind::kCurrent;
  std::vector<std::string>
      files{};  ///< for kStale: whose content changed since the image was built
  std::vector<std::string> facts{};  ///< for kStale: what else did, as sentences
  /// The same content under new times: what to write so that it is not read again.
  std::optional<config::ImageManifest> renewed{};

  [[nodiscard]] bool rebuild() const { return kind != Kind::kCurrent; }
  /// Files and facts.
  [[nodiscard]] std::vector<std::string> changes() const;
};

/// What decides, in this order: is there an image; force_rebuild; the image's manifest. An image
/// that has none (of another program, of an older version) is compared by time with kdump.conf, the
/// kernel and the toolkit's own programs. With force_no_rebuild an image is never built: a missing
/// one is kNotFound.
Result<RebuildDecision> check_rebuild(const SysRoot& root,
                                      const config::KdumpConfig& config,
                                      const config::Sysconfig& sysconfig,
                                      const CaptureKernel& target);

/// Writes `renewed`, if there is one.
Status keep_renewed_manifest(const SysRoot& root,
                             const CaptureKernel& target,
                             const RebuildDecision& decision);

/// Whether nobody has written to the image since mkdumprd did: what is wrong with it then is
/// damage.
[[nodiscard]] bool is_as_built(const SysRoot& root, const CaptureKernel& target);

}  // namespace kdump::ctl
