// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/legacy_args.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct ExtraPrograms {
  std::vector<HostPath> files;
  std::vector<std::string> elf;  ///< those whose libraries have to come along
};

/// Finds programs by path or, without a slash, in the usual folders; a script brings its
/// interpreter. "Error: X not found." as kdump-utils says it.
Result<ExtraPrograms> find_programs(const SysRoot& root, const std::vector<std::string>& names);

/// A file to its new name; a folder with everything in it, links followed, at most 10,000 files.
Result<std::vector<PlacedFile>> expand_include(const SysRoot& root, const IncludedPath& included);

}  // namespace kdump::mkdumprd
