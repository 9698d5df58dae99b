// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/capture_plan.h"
#include "config/kdump_config.h"
#include "mkdumprd/extra_files.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct HookFiles {
  config::PlannedHooks hooks;
  std::vector<WantedProgram> programs;  ///< the hooks, and what their texts name
  std::vector<std::string> warnings;
};

/// The hooks of kdump.conf and of /etc/kdump/{pre,post,emergency}.d in kdump-utils' order:
/// kdump_pre before pre.d, the other single ones after their folder. Files without execute
/// permission are left out with a warning; a single hook that is absent or not executable is
/// kUsage.
Result<HookFiles> find_hooks(const SysRoot& root, const config::KdumpConfig& config);

/// Programs of the usual folders that a script's text names outside of comments: capture images
/// were once full of them, and hooks rely on it. At most 64.
[[nodiscard]] std::vector<std::string> programs_named_in(const SysRoot& root,
                                                         std::string_view script);

/// /bin/sh and the tools that a person at the console wants, for failure_action shell: the shell is
/// required, of the tools those that the host has are taken.
Result<std::vector<WantedProgram>> shell_programs(const SysRoot& root);

}  // namespace kdump::mkdumprd
