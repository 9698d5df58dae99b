// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/log.h"
#include "base/sys_root.h"
#include "kdumpctl/host_actions.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// What every verb works with: where the host's files are, whom to tell, and what changes the host.
struct Context {
  SysRoot root;
  Log log;
  HostActions& actions;
  std::vector<std::string> arguments{};  ///< behind the verb, for those that take some
};

}  // namespace kdump::ctl
