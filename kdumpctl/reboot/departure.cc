// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/departure.h"

#include "base/text.h"
#include "kdumpctl/command.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/kexec/load_refusal.h"
#include "kdumpctl/reboot/departure_record.h"
#include "kdumpctl/reboot/loaded_kernel.h"

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kWatchdogs = "/sys/class/watchdog";
/// Linux, include/linux/watchdog.h: WDOG_STOP_ON_REBOOT.
constexpr std::uint64_t kStopOnReboot = 1U << 2U;

/// "iTCO_wdt (watchdog0)", or "" on a host without a watchdog.
std::string first_watchdog(const SysRoot& root, std::string& device) {
  for (const std::string& name : root.list(kWatchdogs).value_or(std::vector<std::string>())) {
    device = fmt::format("{}/{}", kWatchdogs, name);
    return fmt::format(
        "{} ({})", root.read_value(device + "/identity").value_or("hardware watchdog"), name);
  }
  return "";
}

/// systemd arms it when all services have stopped, and the new kernel's watchdog core keeps it
/// content from the moment on at which its driver finds it running.
void arm_watchdog(const Context& context, RebootActions& actions, std::chrono::seconds timeout) {
  std::string device;
  const std::string name = first_watchdog(context.root, device);
  if (name.empty() || timeout.count() == 0) return;
  const auto set = actions.run({"busctl",
                                "set-property",
                                "org.freedesktop.systemd1",
                                "/org/freedesktop/systemd1",
                                "org.freedesktop.systemd1.Manager",
                                "KExecWatchdogUSec",
                                "t",
                                std::to_string(std::chrono::microseconds(timeout).count())},
                               {});
  if (!set) {
    context.log.warning("the watchdog {} is not armed: {}", name, set.error().message);
    return;
  }
  const auto status = parse_hex(context.root.read_value(device + "/status").value_or(""));
  if (status && (*status & kStopOnReboot) != 0) {
    context.log.warning(
        "the driver of the watchdog {} stops it at the jump; boot with watchdog.stop_on_reboot=0 "
        "to "
        "keep it armed",
        name);
    return;
  }
  context.log.info("the watchdog {} resets the host if the next kernel has not come up in {} s",
                   name,
                   timeout.count());
}

void report(const Context& context, const config::Diagnostics& diagnostics) {
  for (const config::Diagnostic& finding : diagnostics) {
    if (finding.severity == config::Severity::kError) {
      context.log.error("{}", finding.to_string());
    } else {
      context.log.warning("{}", finding.to_string());
    }
  }
}

}  // namespace

Result<FastRebootConf> load_conf(const Context& context) {
  auto checked = TRY(load_fast_reboot_conf(context.root));
  report(context, checked.diagnostics);
  if (config::has_errors(checked.diagnostics)) {
    return make_error(ErrorKind::kUsage, "the configuration has errors; nothing was changed");
  }
  return std::move(checked.conf);
}

Result<std::string> reason_for_firmware(const Context& context,
                                        const FastRebootConf& conf,
                                        bool retry) {
  const std::string rule = denied_by(conf, context.root);
  if (!rule.empty()) return fmt::format("this host is on the deny list, {}", rule);
  if (retry) return std::string();
  const auto departure = read_departure(context.root);
  if (!departure) return departure.error().message;
  if (!*departure || !(*departure)->lost) return std::string();
  return fmt::format(
      "the last fast reboot (to {}, {} UTC) did not come up; when its cause is removed, say "
      "kdumpctl fast-reboot --retry",
      escape_control((*departure)->kernel),
      escape_control((*departure)->at));
}

Status load_next(const Context& context, RebootActions& actions, const NextKernel& next) {
  const ServiceLock lock = TRY(take_service_lock(context, "kexec load"));
  const LoadedBy by = TRY(actions.load(next));
  TRY(write_loaded_kernel(context.root, next, std::string(to_string(by.syscall))));
  if (by.against_wish) {
    context.log.warning("the wish for the other call is not followed: {} was used, as {}",
                        to_string(by.syscall),
                        by.reason);
  }
  context.log.info(
      "loaded {} by {} ({})", escape_control(next.kernel), to_string(by.syscall), by.reason);
  const auto note = kexec::load_limit_note(context.root, kexec::LoadKind::kReboot);
  if (note) context.log.warning("{}", *note);
  return {};
}

Status prepare_departure(const Context& context,
                         RebootActions& actions,
                         const FastRebootConf& conf) {
  const auto loaded = read_loaded_kernel(context.root);
  const std::string kernel = loaded ? loaded->kernel : "a kernel that kexec(8) loaded";
  TRY(write_departure(context.root, TRY(departure_now(context.root, kernel))));
  if (loaded && loaded->one_shot) {
    const auto cleared = boot::clear_one_shot(*loaded->one_shot, context.root);
    if (!cleared) {
      context.log.warning(
          "the choice for one boot stays, and the boot loader will obey it again: {}",
          cleared.error().message);
    }
  }
  arm_watchdog(context, actions, conf.watchdog);
  return {};
}

Status reboot_through_firmware(const Context& context, RebootActions& actions) {
  TRY(set_course(context.root, Course::kCold));
  TRY(clear_course(context.root, Course::kJump));
  const auto loaded = kexec::is_loaded(kexec::LoadKind::kReboot, context.root);
  if (loaded && *loaded) {
    // The reboot goes through the firmware all the same: the variable below tells systemd.
    const auto unloaded = actions.unload();
    if (!unloaded) context.log.warning("{}", unloaded.error().message);
  }
  TRY(forget_loaded_kernel(context.root));
  context.log.info("Rebooting through the firmware");
  // systemd 254 and later reboot into whatever is loaded, unless they are told not to.
  const auto started = actions.run({"systemctl", "reboot"}, {"SYSTEMCTL_SKIP_AUTO_KEXEC=1"});
  if (started) return {};
  TRY(clear_course(context.root, Course::kCold));
  return started.error();
}

}  // namespace kdump::ctl::reboot
