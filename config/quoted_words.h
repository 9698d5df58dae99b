// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// Words as a POSIX shell splits them, and nothing else of a shell: blanks separate, single and
/// double quotes and a backslash protect, nothing is expanded. `--mount "/dev/sda1 /x ext4"` is two
/// words. A quote without its partner is kBadData.
Result<std::vector<std::string>> split_quoted_words(std::string_view text);

}  // namespace kdump::config
