// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::agent {

/// The names of this host's dumps in `folder`, oldest first: folders named HOST-DATE, no links.
Result<std::vector<std::string>> list_dumps(const std::string& folder, const std::string& host);

/// Removes the oldest dumps of this host in `folder`, so that the `keep` newest ones stay. Whatever
/// else lies there stays. Returns the names of
/// those removed.
Result<std::vector<std::string>> prune_dumps(const std::string& folder,
                                             const std::string& host,
                                             std::size_t keep);

}  // namespace kdump::agent
