// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// The names of the dumps of this host beside the one that is being made, oldest first: folders
/// named HOST-DATE, no links. The new one is never among them, whatever date a clock that is wrong
/// gave it. `new_dump`: its folder.
Result<std::vector<std::string>> list_old_dumps(const std::string& new_dump,
                                                const std::string& host);

/// Removes the oldest of them, so that `keep` dumps stay, of which the new one is one. Whatever
/// else lies there stays. Returns the names of those removed.
Result<std::vector<std::string>> prune_dumps(const std::string& new_dump,
                                             const std::string& host,
                                             std::size_t keep);

}  // namespace kdump::agent
