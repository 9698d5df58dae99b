// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/image_manifest.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/kernel_facts.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// What the image's content follows from besides the host.
struct ManifestOrigin {
  std::string config_file;
  std::string arguments;
  /// Files of the host from which mkdumprd has made others: known_hosts, the cluster's
  /// configuration.
  std::vector<std::string> sources;
};

/// Hashes all that the plan takes from the host and what decided about it.
Result<config::ImageManifest> make_manifest(const SysRoot& root,
                                            const config::KdumpConfig& config,
                                            const KernelFacts& kernel,
                                            const ImagePlan& plan,
                                            const ManifestOrigin& origin);

Status add_manifest(ImagePlan& plan, const config::ImageManifest& manifest);

/// Beside the image, for whoever asks whether it is current: readable by all, as it holds nothing
/// but names and hashes.
Status write_manifest(config::ImageManifest manifest, const std::string& image);

}  // namespace kdump::mkdumprd
