// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "config/effective_settings.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/settings.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::commands {
namespace {

using Json = nlohmann::ordered_json;
using config::EffectiveSetting;

enum class Grammar { kConf, kSysconfig };

std::string source_of(const EffectiveSetting& setting) {
  return setting.source.empty() ? "default" : setting.source;
}

/// In the quotes that it has none of.
std::string quoted(const std::string& value) {
  const char quote = value.find('"') == std::string::npos ? '"' : '\'';
  return quote + value + quote;
}

/// Each line could stand in the file that it belongs to.
std::string as_text(const std::vector<EffectiveSetting>& settings, Grammar grammar) {
  std::string out;
  for (const EffectiveSetting& setting : settings) {
    const std::string line = grammar == Grammar::kConf
                                 ? fmt::format("{} {}", setting.name, setting.value)
                                 : fmt::format("{}={}", setting.name, quoted(setting.value));
    out += fmt::format("{:<40} # {}\n", escape_control(line), source_of(setting));
  }
  return out;
}

Json as_json(const std::vector<EffectiveSetting>& settings) {
  Json out = Json::array();
  for (const EffectiveSetting& setting : settings) {
    out.push_back(
        {{"name", setting.name}, {"value", setting.value}, {"source", source_of(setting)}});
  }
  return out;
}

Json as_json(const config::Diagnostics& diagnostics) {
  Json out = Json::array();
  for (const config::Diagnostic& finding : diagnostics) {
    out.push_back({{"severity", finding.severity == config::Severity::kError ? "error" : "warning"},
                   {"file", finding.file},
                   {"line", finding.line},
                   {"message", finding.message},
                   {"remedy", finding.remedy}});
  }
  return out;
}

Result<int> show(const Context& context, bool json) {
  const CheckedSettings checked = read_settings(context.root);
  if (!checked.conf) return checked.conf.error();
  if (!checked.sysconfig) return checked.sysconfig.error();
  const auto conf = config::effective_settings(*checked.conf);
  const auto sysconfig = config::effective_settings(*checked.sysconfig);
  report(checked.conf->diagnostics, context.log);
  report(checked.sysconfig->diagnostics, context.log);
  if (json) {
    TRY(print_json({{"kdump.conf", as_json(conf)}, {"sysconfig", as_json(sysconfig)}}));
  } else {
    TRY(print_text("# kdump.conf(5)\n" + as_text(conf, Grammar::kConf) +
                   "\n# kdump.sysconfig(5)\n" + as_text(sysconfig, Grammar::kSysconfig)));
  }
  return checked.has_errors() ? kExitFailed : kExitOk;
}

/// Of the name alone: what the file holds may be the mistake.
Grammar grammar_of(const std::string& file) {
  return file.find("sysconfig") != std::string::npos || file.find("default/") != std::string::npos
             ? Grammar::kSysconfig
             : Grammar::kConf;
}

Result<config::Diagnostics> check_file(const std::string& file, bool sysconfig) {
  const std::string text = TRY(read_file(file));
  if (sysconfig || grammar_of(file) == Grammar::kSysconfig) {
    return check_sysconfig_text(text, file).diagnostics;
  }
  return config::check_kdump_conf(text, file).diagnostics;
}

Result<config::Diagnostics> check_installed(const SysRoot& root) {
  const CheckedSettings checked = read_settings(root);
  if (!checked.conf) return checked.conf.error();
  if (!checked.sysconfig) return checked.sysconfig.error();
  config::Diagnostics all = checked.conf->diagnostics;
  const config::Diagnostics& more = checked.sysconfig->diagnostics;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

struct CheckWishes {
  std::vector<std::string> files;
  bool sysconfig = false;
};

Result<int> check(const Context& context, const CheckWishes& wishes, bool json) {
  config::Diagnostics all;
  if (wishes.files.empty()) all = TRY(check_installed(context.root));
  for (const std::string& file : wishes.files) {
    const auto found = TRY(check_file(file, wishes.sysconfig));
    all.insert(all.end(), found.begin(), found.end());
  }
  if (json) {
    TRY(print_json(as_json(all)));
  } else {
    report(all, context.log);
    if (all.empty()) context.log.info("the configuration has no errors");
  }
  return config::has_errors(all) ? kExitFailed : kExitOk;
}

}  // namespace

/// The settings in force and where each comes from; `check`: every finding about files.
Result<int> config(const Context& context) {
  bool json = false;
  CheckWishes wishes;
  CLI::App app("Shows the settings that are in force and the line that each comes from.",
               "kdumpctl config");
  app.add_flag("--json", json, "As JSON");
  app.fallthrough();
  CLI::App* checking = app.add_subcommand(
      "check", "Check files, or those in /etc: every error at once; exit code 1 for any");
  checking->add_option("FILE", wishes.files, "In kdump.conf's grammar, or sysconfig's by its name");
  checking->add_flag("--sysconfig", wishes.sysconfig, "The files are in sysconfig's grammar");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  return checking->parsed() ? check(context, wishes, json) : show(context, json);
}

}  // namespace kdump::ctl::commands
