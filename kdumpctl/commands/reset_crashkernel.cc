// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "config/sysconfig.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/crashkernel_reset.h"
#include "kdumpctl/default_crashkernel.h"
#include "kdumpctl/reboot/verb_options.h"

namespace kdump::ctl::commands {
namespace {

struct Wishes {
  std::string kernel;
  std::string fadump;
  bool reboot = false;
  bool dry_run = false;
};

Status check_fadump(const std::string& fadump) {
  if (fadump.empty() || fadump == "off") return {};
  return make_error(ErrorKind::kUsage,
                    "Option --fadump={} is not supported here: firmware-assisted dump is for POWER "
                    "machines only. Leave it out",
                    fadump);
}

Status reboot_now(const Context& context) {
  context.log.warning("--reboot is deprecated; reboot with \"systemctl reboot\"");
  return context.actions.run({"systemctl", "reboot"});
}

}  // namespace

/// crashkernel= back to the default of this host: whoever says so has been told to lose his own.
Result<int> reset_crashkernel(const Context& context) {
  Wishes wishes;
  CLI::App app("Sets crashkernel= of boot entries to the default for this host.",
               "kdumpctl reset-crashkernel");
  app.add_option(
         "--kernel", wishes.kernel, "The entries of this kernel; the one in use if left out")
      ->type_name("PATH|ALL|DEFAULT");
  app.add_option("--fadump", wishes.fadump, "POWER machines only")
      ->type_name("on|off|nocma")
      ->check(CLI::IsMember({"on", "off", "nocma"}));
  app.add_flag("--reboot", wishes.reboot, "Reboot when something was changed (deprecated)");
  app.add_flag("-n,--dry-run", wishes.dry_run, "Show what would be changed; change nothing");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  TRY(check_fadump(wishes.fadump));
  const CrashkernelFacts facts = TRY(read_crashkernel_facts(context.root));
  CrashkernelReset reset;
  reset.value = TRY(default_crashkernel(facts));
  reset.dry_run = wishes.dry_run;
  reset.kernel = TRY(choose_kernel(context.root, wishes.kernel));
  reset.later_kernels = wishes.kernel.empty() || wishes.kernel == "ALL";
  reset.kernel_was_named = !wishes.kernel.empty();
  const std::size_t changes = TRY(reset_crashkernel(context, reset));
  if (changes == 0) {
    context.log.info("No need to update crashkernel value: it is {} already", reset.value);
  } else if (!wishes.dry_run) {
    context.log.info("Please reboot the system for the change to take effect.");
    if (wishes.reboot) TRY(reboot_now(context));
  }
  return kExitOk;
}

/// For package scripts: after an update that brought another default.
Result<int> reset_crashkernel_after_update(const Context& context) {
  if (!TRY(may_reset_by_itself(context))) return kExitOk;
  const CrashkernelFacts facts = TRY(read_crashkernel_facts(context.root));
  CrashkernelReset reset;
  reset.value = TRY(default_crashkernel(facts));
  reset.kernel.all = true;
  reset.later_kernels = true;
  reset.only_ours = true;
  const std::size_t changes = TRY(reset_crashkernel(context, reset));
  if (changes != 0) {
    context.log.info(
        "For kernels with the former default, crashkernel= is {} from the next boot on",
        reset.value);
  }
  return kExitOk;
}

/// For the kernel-install hook: a new kernel gets what the running one has.
Result<int> reset_crashkernel_for_installed_kernel(const Context& context) {
  std::string version;
  CLI::App app("For the kernel-install hook.", "kdumpctl _reset-crashkernel-for-installed_kernel");
  app.add_option("VERSION", version, "Of the new kernel")->required();
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  if (!TRY(may_reset_by_itself(context))) return kExitOk;
  const auto running = TRY(running_crashkernel(context.root));
  if (!running) return kExitOk;
  CrashkernelReset reset;
  reset.value = *running;
  reset.kernel.wanted = version;
  reset.kernel_was_named = true;
  reset.only_ours = true;
  reset.where_absent = true;
  TRY(reset_crashkernel(context, reset));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
