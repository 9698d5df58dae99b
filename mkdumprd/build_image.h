// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "mkdumprd/image_writer.h"
#include "mkdumprd/kernel_facts.h"
#include "mkdumprd/legacy_args.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct BuildRequest {
  std::string image;
  std::string kernel_release;  ///< "": the running kernel
  std::string agent;           ///< "": found by itself
  std::string collector;       ///< likewise
  bool overwrite = false;
  ExtraContent extra;
  std::string config_file = "/etc/kdump.conf";  ///< where the configuration came from
  std::string arguments{};                      ///< ImageManifest::arguments
};

struct BuildReport {
  ImageSize size;
  std::size_t module_count = 0;
  Packing packing = Packing::kNone;
  std::vector<std::string> warnings;
  std::vector<std::string> details;  ///< what is in the image and why; for --debug
};

/// The whole way: facts of the host -> plans -> checked image -> file. Nothing is written before
/// everything is known to fit together. Beside the image comes its manifest
/// (config/image_manifest.h).
Result<BuildReport> build_image(const SysRoot& root,
                                const config::KdumpConfig& config,
                                const BuildRequest& request,
                                const WriteProgress& progress);

}  // namespace kdump::mkdumprd
