// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// An output that is an input too would be lost before it was read. kUsage, with the names: one of
/// `outputs` is the same file, under whatever name, as one of `inputs` or as another output.
Status check_distinct(const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs);

}  // namespace kdump::capture
