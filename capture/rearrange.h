// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace kdump::capture {

/// Makes a file of a flattened stream (capture/vmcore/flattened_format.h) that is read from `fd`,
/// in 1 MiB of memory whatever its records say. kBadData: no such stream, or one that was cut off;
/// then what came is in `output`, marked incomplete.
Status rearrange(int fd, const std::string& output, bool overwrite);

}  // namespace kdump::capture
