// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct BuiltImageReport {
  std::vector<std::string> problems;  ///< what would go wrong in the capture kernel; empty: nothing
  std::vector<std::string> facts;     ///< "57 files", "3 targets: ..."
};

/// Whether an image has all that its plan and its programs need: the plan is read as the agent
/// reads it; agent, collector, modules, hooks and interpreters are there; modules are for the
/// plan's kernel; each program's libraries are found as the loader finds them; no link leads
/// nowhere. The image is unpacked into a temporary folder. An error means that it could not be read
/// at all.
Result<BuiltImageReport> check_built_image(const std::string& image);

}  // namespace kdump::mkdumprd
