// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// Makes one kdump-compressed file of the files of a split dump, this program's or makedumpfile's,
/// given in any order. Page data is copied as it stands. Returns what a person must know of the
/// result: it is marked incomplete when one of the files is. kBadData: a file is no part of a split
/// dump, or the parts do not fit together (the message names files and page frames).
Result<std::vector<std::string>> reassemble(const std::vector<std::string>& parts,
                                            const std::string& output,
                                            bool overwrite);

}  // namespace kdump::capture
