// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/early_copy.h"
#include "kdumpctl/feasibility.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/reboot/verb_options.h"

namespace kdump::ctl::commands {

/// For the hooks of dracut and initramfs-tools: what the initramfs of a kernel needs to load the
/// panic kernel, with an image of today.
Result<int> early_copy(const Context& context) {
  std::string running;
  std::string folder;
  CLI::App app("Copies what an initramfs needs to load the panic kernel.", "kdumpctl _early-copy");
  app.add_option("--kernel", running, "The release that the initramfs is for")->required();
  app.add_option("FOLDER", folder, "Where its files are gathered")->required();
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const Settings settings = TRY(load_settings(context.root, context.log));
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig, running));
  for (const std::string& note : target.notes) context.log.warning("{}", note);
  TRY(provide_image(context, settings, target, ImagePolicy::kBuildWhenNeeded));
  TRY(make_early_copy(context.root, target, folder));
  context.log.info("The initramfs gets {} with {}", target.version, target.image);
  return kExitOk;
}

/// In that initramfs.
Result<int> early_load(const Context& context) {
  // A capture image that was made of a host's initramfs has nothing to guard.
  if (!wants_early_load(context.root) || context.root.exists("/proc/vmcore")) return kExitOk;
  const auto copy = TRY(read_early_copy(context.root, kEarlyCopyInInitramfs));
  if (!copy) {
    return make_error(ErrorKind::kNotFound,
                      "{} does not exist: this initramfs was made without early kdump",
                      kEarlyCopyInInitramfs);
  }
  TRY(write_early_copy(context.root, kEarlyCopyOfThisBoot, *copy));
  TRY(check_feasibility(context.root));
  if (TRY(kexec::crash_loaded(context.root))) {
    context.log.info("Kdump already running: [WARNING]");
    return kExitOk;
  }
  return arm_early(context, *copy);
}

}  // namespace kdump::ctl::commands
