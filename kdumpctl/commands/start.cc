// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/look_back.h"
#include "kdumpctl/rebuild_check.h"

namespace kdump::ctl::commands {
namespace {

/// start leaves a loaded panic kernel alone, but does not hide that it is out of date.
Status warn_when_stale(const Context& context, const Settings& settings) {
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  const RebuildDecision decision =
      TRY(check_rebuild(context.root, settings.config, settings.sysconfig, target));
  if (decision.kind == RebuildDecision::Kind::kStale) {
    context.log.warning("The capture image is out of date: {}. Run \"kdumpctl restart\"",
                        fmt::join(decision.changes(), ", "));
  }
  return keep_renewed_manifest(context.root, target, decision);
}

}  // namespace

Result<int> start(const Context& context) {
  const auto settings = check_host_and_settings(context);
  if (!settings) return start_without_settings(context, settings.error());
  look_back(context, *settings);
  if (!TRY(kexec::crash_loaded(context.root))) {
    return arm(context, *settings, ImagePolicy::kBuildWhenNeeded);
  }
  context.log.warning("Kdump already running: [WARNING]");
  if (const auto told = warn_when_stale(context, *settings); !told) {
    context.log.warning("{}", told.error().message);
  }
  return kExitOk;
}

}  // namespace kdump::ctl::commands
