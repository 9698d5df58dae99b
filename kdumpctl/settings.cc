// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/settings.h"

#include "config/diagnostic.h"
#include "config/kdump_conf.h"

namespace kdump::ctl {
namespace {

void report(const config::Diagnostics& diagnostics, const Log& log) {
  for (const config::Diagnostic& finding : diagnostics) {
    if (finding.severity == config::Severity::kError) {
      log.error("{}", finding.to_string());
    } else {
      log.warning("{}", finding.to_string());
    }
  }
}

/// KEXEC_ARGS gets its meaning here and not in config/, which knows nothing of loading.
void check_kexec(const std::string& file,
                 config::CheckedSysconfig& checked,
                 KexecOptions& options,
                 const Log& log) {
  const CheckedKexecArgs kexec = check_kexec_args(checked.settings.kexec_args);
  const int line = checked.settings.kexec_args_line;
  for (const std::string& refusal : kexec.refusals) {
    checked.diagnostics.push_back({config::Severity::kError,
                                   file,
                                   line,
                                   "KEXEC_ARGS cannot be followed: " + refusal,
                                   "Remove the option"});
  }
  for (const std::string& warning : kexec.warnings) {
    checked.diagnostics.push_back(
        {config::Severity::kWarning, file, line, "KEXEC_ARGS: " + warning, ""});
  }
  for (const std::string& note : kexec.notes) log.debug("KEXEC_ARGS: {}", note);
  options = kexec.options;
}

}  // namespace

Result<Settings> load_settings(const SysRoot& root, const Log& log) {
  constexpr const char* kSysconfig = "/etc/sysconfig/kdump";
  Settings settings;
  auto conf = config::load_kdump_conf(root);
  auto sysconfig = config::load_sysconfig(root, kSysconfig);
  // Both are looked at before either stops anything: all findings at once.
  if (!conf) log.error("{}", conf.error().message);
  if (conf) report(conf->diagnostics, log);
  if (!sysconfig) log.error("{}", sysconfig.error().message);
  if (sysconfig) {
    check_kexec(root.path(kSysconfig), *sysconfig, settings.kexec, log);
    report(sysconfig->diagnostics, log);
  }
  if (!conf || !sysconfig || config::has_errors(conf->diagnostics) ||
      config::has_errors(sysconfig->diagnostics)) {
    return make_error(ErrorKind::kUsage, "the configuration has errors; nothing was changed");
  }
  settings.config = std::move(conf->config);
  settings.sysconfig = std::move(sysconfig->settings);
  return settings;
}

}  // namespace kdump::ctl
