// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl::commands {

/// Builds the image and loads nothing; needs no reservation, so that an image can be made before
/// the reboot that brings one.
Result<int> rebuild(const Context& context) {
  const Settings settings = TRY(load_settings(context.root, context.log));
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  for (const std::string& note : target.notes) context.log.warning("{}", note);
  TRY(build_image(context, settings, target));
  // A host that cannot have a panic kernel has none loaded.
  if (kexec::crash_loaded(context.root).value_or(false)) {
    context.log.info(
        "The panic kernel that is loaded has the former image until \"kdumpctl reload\"");
  }
  return kExitOk;
}

}  // namespace kdump::ctl::commands
