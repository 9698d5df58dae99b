// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/settings.h"

#include "config/diagnostic.h"

namespace kdump::ctl {
namespace {

/// KEXEC_ARGS gets its meaning here and not in config/, which knows nothing of loading.
CheckedKexecArgs check_kexec(config::CheckedSysconfig& checked) {
  CheckedKexecArgs kexec = check_kexec_args(checked.settings.kexec_args);
  const int line = checked.settings.kexec_args_line;
  for (const std::string& refusal : kexec.refusals) {
    checked.diagnostics.push_back({config::Severity::kError,
                                   checked.file,
                                   line,
                                   "KEXEC_ARGS cannot be followed: " + refusal,
                                   "Remove the option"});
  }
  for (const std::string& warning : kexec.warnings) {
    checked.diagnostics.push_back(
        {config::Severity::kWarning, checked.file, line, "KEXEC_ARGS: " + warning, ""});
  }
  return kexec;
}

}  // namespace

bool CheckedSettings::has_errors() const {
  return !conf || !sysconfig || config::has_errors(conf->diagnostics) ||
         config::has_errors(sysconfig->diagnostics);
}

void report(const config::Diagnostics& diagnostics, const Log& log) {
  for (const config::Diagnostic& finding : diagnostics) {
    if (finding.severity == config::Severity::kError) {
      log.error("{}", finding.to_string());
    } else {
      log.warning("{}", finding.to_string());
    }
  }
}

CheckedSettings read_settings(const SysRoot& root) {
  CheckedSettings checked{.conf = config::load_kdump_conf(root),
                          .sysconfig = config::load_sysconfig(root)};
  if (checked.sysconfig) {
    CheckedKexecArgs kexec = check_kexec(*checked.sysconfig);
    checked.kexec = kexec.options;
    checked.notes = std::move(kexec.notes);
  }
  return checked;
}

config::CheckedSysconfig check_sysconfig_text(std::string_view text, const std::string& file) {
  config::CheckedSysconfig checked = config::check_sysconfig(text, file);
  check_kexec(checked);
  return checked;
}

Settings usable_settings(const SysRoot& root) {
  CheckedSettings checked = read_settings(root);
  Settings out;
  out.sysconfig = config::sysconfig_defaults(config::build_machine());
  out.kexec = check_kexec_args(out.sysconfig.kexec_args).options;
  if (checked.conf && !config::has_errors(checked.conf->diagnostics)) {
    out.config = std::move(checked.conf->config);
  }
  if (checked.sysconfig && !config::has_errors(checked.sysconfig->diagnostics)) {
    out.sysconfig = std::move(checked.sysconfig->settings);
    out.kexec = checked.kexec;
  }
  return out;
}

Result<Settings> load_settings(const SysRoot& root, const Log& log) {
  CheckedSettings checked = read_settings(root);
  // Both are looked at before either stops anything: all findings at once.
  if (!checked.conf) log.error("{}", checked.conf.error().message);
  if (checked.conf) report(checked.conf->diagnostics, log);
  if (!checked.sysconfig) log.error("{}", checked.sysconfig.error().message);
  if (checked.sysconfig) report(checked.sysconfig->diagnostics, log);
  for (const std::string& note : checked.notes) log.debug("KEXEC_ARGS: {}", note);
  if (checked.has_errors()) {
    return make_error(ErrorKind::kUsage, "the configuration has errors; nothing was changed");
  }
  return Settings{.config = std::move(checked.conf->config),
                  .sysconfig = std::move(checked.sysconfig->settings),
                  .kexec = checked.kexec};
}

}  // namespace kdump::ctl
