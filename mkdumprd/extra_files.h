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

/// A program by path or, without a slash, to be found in the usual folders.
struct WantedProgram {
  std::string name;
  std::string reason;  ///< "extra_bins", "hook kdump_pre"
};

struct ExtraPrograms {
  std::vector<ExtraProgram> files;
  std::vector<std::string> elf;  ///< those whose libraries have to come along
};

/// Where a program is; kNotFound says "Error: X not found." as kdump-utils does.
Result<HostPath> find_program(const SysRoot& root, const WantedProgram& wanted);

/// Finds the programs; a script brings its interpreter.
Result<ExtraPrograms> find_programs(const SysRoot& root, const std::vector<WantedProgram>& wanted);

/// A file to its new name; a folder with everything in it, links followed, at most 10,000 files.
Result<std::vector<PlacedFile>> expand_include(const SysRoot& root, const IncludedPath& included);

}  // namespace kdump::mkdumprd
