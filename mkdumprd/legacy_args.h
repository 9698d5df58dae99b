// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// A file or folder of the host to store under another name.
struct IncludedPath {
  std::string source;
  std::string destination;
  friend bool operator==(const IncludedPath&, const IncludedPath&) = default;
};

/// What an administrator adds to the image beyond what the target needs.
struct ExtraContent {
  std::vector<std::string> drivers;
  std::vector<std::string> programs;  ///< paths, or names to be found in the usual folders
  std::vector<IncludedPath> includes;
  std::vector<std::string> mounts;  ///< "DEVICE MOUNTPOINT FSTYPE OPTIONS"
};

/// Words of dracut's command line (dracut(8)) and of RHEL 6's mkdumprd, which kdump.conf's
/// dracut_args and sysconfig's MKDUMPRD_ARGS are written in.
struct LegacyArgs {
  ExtraContent extra;
  std::vector<std::string> ignored;  ///< understood, but without a meaning here; as written
  std::vector<std::string> others;   ///< everything else, in order
};

/// kUsage when a known option lacks its value.
Result<LegacyArgs> parse_legacy_args(const std::vector<std::string>& words);

}  // namespace kdump::mkdumprd
