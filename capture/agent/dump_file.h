// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace kdump::agent {

/// Gives a file that is whole its name: mode 0600, on the disk, renamed, the directory on the disk.
/// An absent or empty file is an error: nothing looks whole that is not. Returns its size in bytes.
Result<std::uint64_t> publish_dump_file(const std::string& incomplete, const std::string& name);

}  // namespace kdump::agent
