// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/service_steps.h"

#include "base/exit_code.h"
#include "base/text.h"
#include "kdumpctl/command.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/reboot/departure.h"
#include "kdumpctl/reboot/departure_record.h"
#include "kdumpctl/reboot/loaded_kernel.h"

#include <cerrno>
#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

/// Debian's coldreboot makes this file.
constexpr const char* kNoKexecReboot = "/no-kexec-reboot";

struct Jobs {
  bool reboot = false;  ///< reboot.target is being started
  bool kexec = false;   ///< kexec.target is
};

/// Rows "JOB UNIT TYPE STATE".
Result<Jobs> running_jobs(RebootActions& actions) {
  const std::string listing =
      TRY(actions.run({"systemctl", "list-jobs", "--no-legend", "--no-pager", "--full"}, {}));
  Jobs jobs;
  for (const std::string_view line : split_lines(listing)) {
    const auto words = split_words(line);
    if (words.size() < 3 || words[2] != "start") continue;
    jobs.reboot = jobs.reboot || words[1] == "reboot.target";
    jobs.kexec = jobs.kexec || words[1] == "kexec.target";
  }
  return jobs;
}

Result<bool> cold_was_asked_for(const SysRoot& root) {
  if (has_course(root, Course::kCold)) return true;
  const std::string path = root.path(kNoKexecReboot);
  if (::unlink(path.c_str()) == 0) return true;
  if (errno != ENOENT) return system_error(errno, "cannot remove {}", path);
  return false;
}

Status load_default(const Context& context, RebootActions& actions, const DefaultKexec& settings) {
  const NextKernel next = TRY(choose_default_kexec(context.root, settings));
  for (const std::string& warning : next.warnings) context.log.warning("{}", warning);
  context.log.info("command line: {}", escape_control(next.command_line));
  return load_next(context, actions, next);
}

/// True when the settings ask for a fast reboot and can be understood.
Result<bool> fast_is_configured(const Context& context, DefaultKexec& settings) {
  const auto checked = TRY(read_default_kexec(context.root));
  for (const config::Diagnostic& finding : checked.diagnostics) {
    context.log.error("{}", finding.to_string());
  }
  settings = checked.settings;
  if (!settings.load_kexec) return false;
  if (!config::has_errors(checked.diagnostics)) return true;
  return make_error(ErrorKind::kUsage, "no fast reboot, as /etc/default/kexec has errors");
}

}  // namespace

Result<int> arrive(const Context& context) {
  TRY(check_is_root(context, "kexec arrive"));
  switch (TRY(note_arrival(context.root))) {
    case Arrival::kCameUp:
      context.log.info("This boot came up by a fast reboot");
      break;
    case Arrival::kLost:
      context.log.warning(
          "The last fast reboot did not come up: the next one goes through the firmware");
      break;
    case Arrival::kNone:
      break;
  }
  return kExitOk;
}

Result<int> depart(const Context& context, RebootActions& actions) {
  TRY(check_is_root(context, "kexec depart"));
  const Jobs jobs = TRY(running_jobs(actions));
  if (!jobs.reboot && !jobs.kexec) return kExitOk;
  const bool loaded = TRY(kexec::is_loaded(kexec::LoadKind::kReboot, context.root));
  const FastRebootConf conf = TRY(load_conf(context));
  if (jobs.kexec) {
    if (loaded) TRY(prepare_departure(context, actions, conf));
    return kExitOk;
  }
  if (TRY(cold_was_asked_for(context.root))) return kExitOk;
  DefaultKexec settings;
  if (!TRY(fast_is_configured(context, settings))) return kExitOk;
  const std::string reason = TRY(reason_for_firmware(context, conf, false));
  if (!reason.empty()) {
    context.log.warning("No fast reboot: {}", reason);
    return kExitOk;
  }
  if (!loaded) TRY(load_default(context, actions, settings));
  TRY(prepare_departure(context, actions, conf));
  TRY(set_course(context.root, Course::kJump));
  return kExitOk;
}

Result<int> jump(const Context& context, RebootActions& actions) {
  TRY(check_is_root(context, "kexec jump"));
  if (!has_course(context.root, Course::kJump) || has_course(context.root, Course::kCold)) {
    return kExitOk;
  }
  // An image that was unloaded in between leaves an ordinary reboot.
  if (!TRY(kexec::is_loaded(kexec::LoadKind::kReboot, context.root))) return kExitOk;
  const auto left = actions.run({"systemctl", "--force", "--no-wall", "kexec"}, {});
  if (!left) return left.error();
  return kExitOk;
}

}  // namespace kdump::ctl::reboot
