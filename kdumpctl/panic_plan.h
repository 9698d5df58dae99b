// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/context.h"
#include "kdumpctl/panic_cmdline.h"
#include "kdumpctl/rebuild_check.h"
#include "kdumpctl/settings.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// The panic kernel that would be loaded now, and how its command line came about.
struct PanicPlan {
  CaptureKernel target;
  std::string running_cmdline;
  PanicCommandLine cmdline;
  PreparedLoad prepared;
  std::vector<std::string> notes{};  ///< for the administrator
};

/// Command line, files, layout and system call for that kernel and its image, which must exist.
/// Changes nothing.
Result<PanicPlan> plan_panic(const Context& context,
                             const Settings& settings,
                             const CaptureKernel& target);

/// For people. `image`: whether it would be built again first.
[[nodiscard]] std::string plan_text(const PanicPlan& plan, const RebuildDecision& image);
/// The same as one JSON object; addresses and sizes are numbers, in bytes.
[[nodiscard]] std::string plan_json(const PanicPlan& plan, const RebuildDecision& image);

}  // namespace kdump::ctl
