// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// What one image has and the other has not, and what differs, in the order of the paths: "- PATH",
/// "+ PATH", "~ PATH: what". No line when they hold the same, however they are packed.
Result<std::vector<std::string>> compare_images(const std::string& before,
                                                const std::string& after);

}  // namespace kdump::mkdumprd
