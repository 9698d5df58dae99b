// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/import_config.h"

#include "base/atomic_file.h"
#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "config/kdump_conf.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/settings.h"

#include <filesystem>

namespace kdump::ctl::commands {
namespace {

constexpr const char* kFolder = "/etc/kdump.conf.d";
constexpr const char* kFile = "/etc/kdump.conf.d/50-imported.conf";

struct Wishes {
  std::string file;
  bool write = false;
  bool force = false;
};

std::string_view word_of(config::ImportedSetting::Fate fate) {
  using Fate = config::ImportedSetting::Fate;
  return fate == Fate::kTaken ? "taken" : fate == Fate::kByHand ? "by hand" : "dropped";
}

/// The file that this host has, when none is named.
Result<std::string> choose_file(const SysRoot& root, const std::string& named) {
  if (!named.empty()) return named;
  for (const char* path : {"/etc/default/kdump-tools", "/etc/sysconfig/kdump"}) {
    if (root.exists(path)) return root.path(path);
  }
  return make_error(ErrorKind::kNotFound,
                    "there is neither /etc/default/kdump-tools nor /etc/sysconfig/kdump; name the "
                    "file to import");
}

Status write(const Context& context, const std::string& text, bool force) {
  if (context.root.exists(kFile) && !force) {
    return make_error(
        ErrorKind::kUsage, "{} exists; --force replaces it", context.root.path(kFile));
  }
  std::error_code error;
  std::filesystem::create_directories(context.root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", context.root.path(kFolder));
  TRY(write_file_atomically(context.root.path(kFile), 0644, text));
  context.log.info("wrote {}", context.root.path(kFile));
  return {};
}

}  // namespace

/// Settings of another distribution's kdump, each with what became of it.
Result<int> import_config(const Context& context) {
  Wishes wishes;
  CLI::App app(
      "Turns the settings of Debian's kdump-tools or SUSE's kdump into lines of kdump.conf(5).",
      "kdumpctl import-config");
  app.add_option("FILE", wishes.file, "/etc/default/kdump-tools, or SUSE's /etc/sysconfig/kdump");
  app.add_flag("--write", wishes.write, std::string("Write ") + kFile + " instead of printing");
  app.add_flag("--force", wishes.force, "With --write: replace a file that is there");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const std::string file = TRY(choose_file(context.root, wishes.file));
  const std::string text = TRY(read_file(file));
  const auto kind = TRY(config::recognise_foreign(text, file));
  const config::ImportedConfig imported = config::import_foreign(text, file, kind);
  report(imported.diagnostics, context.log);
  for (const config::ImportedSetting& setting : imported.settings) {
    context.log.info("{}:{}: {}: {}: {}",
                     file,
                     setting.line,
                     setting.name,
                     word_of(setting.fate),
                     escape_control(setting.text));
  }
  const std::string conf = "# Imported from " + file + "\n" + imported.conf;
  // What was an error there, or cannot be said here, shows before it is in force.
  const config::CheckedConfig checked = config::check_kdump_conf(conf, kFile);
  report(checked.diagnostics, context.log);
  if (wishes.write) {
    if (config::has_errors(checked.diagnostics)) {
      return make_error(ErrorKind::kUsage, "the result has errors; nothing was written");
    }
    TRY(write(context, conf, wishes.force));
  } else {
    TRY(print_text(conf));
  }
  return config::has_errors(checked.diagnostics) ? kExitFailed : kExitOk;
}

}  // namespace kdump::ctl::commands
