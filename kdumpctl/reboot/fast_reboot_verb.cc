// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "kdumpctl/command.h"
#include "kdumpctl/reboot/departure.h"
#include "kdumpctl/reboot/loaded_kernel.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/reboot/verbs.h"

#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kQuestion =
    "Do you want to perform a fast reboot (without hardware reboot) ? (y/n)";
constexpr const char* kColdQuestion = "Do you want to reboot through the firmware instead ? (y/n)";

struct Options {
  NextKernelWishes wishes;
  bool yes = false;
  bool dry_run = false;
  bool retry = false;
};

void show(const Context& context, const NextKernel& next) {
  for (const std::string& warning : next.warnings) context.log.warning("{}", warning);
  context.log.info("kernel: {}", escape_control(next.kernel));
  context.log.info("initrd: {}",
                   next.initrds.empty()
                       ? "none"
                       : escape_control(fmt::format("{}", fmt::join(next.initrds, ", "))));
  context.log.info("command line: {}", escape_control(next.command_line));
  context.log.info("chosen by: {}", escape_control(next.origin));
  for (const CmdlineChange& change : next.changes) {
    context.log.debug("command line: without {} ({})", change.text, change.reason);
  }
  if (next.one_shot) {
    context.log.info("{} is for one boot and is cleared", next.one_shot->variable);
  }
}

Result<bool> agreed(const Options& options, RebootActions& actions, bool cold) {
  if (options.yes) return true;
  const std::string answer = TRY(actions.ask(cold ? kColdQuestion : kQuestion));
  return answer == "y" || answer == "Y" || answer == "yes";
}

Status check_host(const Context& context, const Options& options, const RebootActions& actions) {
  if (options.dry_run) return {};
  if (!options.yes && !actions.has_terminal()) {
    return make_error(ErrorKind::kUsage,
                      "fast-reboot asks before it reboots, and there is no terminal; say --yes");
  }
  TRY(check_is_root(context, "fast-reboot"));
  if (!context.root.is_directory("/run/systemd/system")) {
    return make_error(ErrorKind::kUnsupported,
                      "systemd does not run this host, so nothing would stop the services and "
                      "unmount the file systems; use \"kdumpctl kexec load\" and this host's own "
                      "reboot");
  }
  return {};
}

}  // namespace

Result<int> run_fast_reboot(const Context& context, RebootActions& actions) {
  Options options;
  CLI::App app("Reboots into the next kernel without the firmware.", "kdumpctl fast-reboot");
  add_kernel_options(app, options.wishes);
  app.add_flag("-y,--yes", options.yes, "Do not ask");
  app.add_flag("-n,--dry-run", options.dry_run, "Say what would be loaded, check it, do nothing");
  app.add_flag("--retry", options.retry, "Even if the last fast reboot did not come up");
  if (!TRY(parse_verb(app, context.arguments))) return kExitOk;

  TRY(check_host(context, options, actions));
  const FastRebootConf conf = TRY(load_conf(context));
  const std::string reason = TRY(reason_for_firmware(context, conf, options.retry));
  if (!reason.empty()) {
    context.log.warning("No fast reboot: {}", reason);
    if (options.dry_run) return kExitOk;
    if (!TRY(agreed(options, actions, true))) {
      context.log.info("Nothing was done");
      return kExitFailed;
    }
    TRY(reboot_through_firmware(context, actions));
    return kExitOk;
  }

  const NextKernel next = TRY(choose_next_kernel(context.root, options.wishes));
  show(context, next);
  if (options.dry_run) {
    TRY(write_all(STDOUT_FILENO, TRY(actions.plan(next)) + "\n"));
    return kExitOk;
  }
  if (!TRY(agreed(options, actions, false))) {
    context.log.info("Nothing was done");
    return kExitFailed;
  }
  TRY(load_next(context, actions, next));
  TRY(clear_course(context.root, Course::kCold));
  TRY(prepare_departure(context, actions, conf));
  const auto left = actions.run({"systemctl", "kexec"}, {});
  if (!left) return left.error();
  return kExitOk;
}

Result<int> run_cold_reboot(const Context& context, RebootActions& actions) {
  CLI::App app("Reboots through the firmware, whatever is loaded.", "kdumpctl cold-reboot");
  if (!TRY(parse_verb(app, context.arguments))) return kExitOk;
  TRY(check_is_root(context, "cold-reboot"));
  TRY(reboot_through_firmware(context, actions));
  return kExitOk;
}

}  // namespace kdump::ctl::reboot
