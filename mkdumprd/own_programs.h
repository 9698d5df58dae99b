// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::mkdumprd {

/// The toolkit's programs that go into the image, as paths under the root, free of links.
struct OwnPrograms {
  std::string agent;
  std::string collector;
};

/// A program that only some images need; it stands beside the agent.
Result<std::string> find_beside_agent(const SysRoot& root,
                                      const OwnPrograms& own,
                                      const std::string& name);

/// `agent` and `collector`: as the options name them; "": on the host beside this program (so that
/// an installation anywhere works), else where they were to be installed.
Result<OwnPrograms> find_own_programs(const SysRoot& root,
                                      const std::string& agent,
                                      const std::string& collector);

}  // namespace kdump::mkdumprd
