// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/text.h"
#include "config/effective_settings.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/saved_dumps.h"
#include "kdumpctl/settings.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::commands {
namespace {

using Json = nlohmann::ordered_json;

std::string_view state_of(const SavedDump& dump) {
  if (!dump.readable) return "for root";
  if (dump.complete) return "complete";
  return dump.vmcore.empty() ? "no vmcore" : "incomplete";
}

std::string line_of(const SavedDump& dump) {
  return fmt::format("{:<21} {:<10} {:>10}  {}\n",
                     dump.date,
                     state_of(dump),
                     dump.vmcore.empty() ? "" : format_size(dump.size),
                     escape_control(dump.vmcore.empty() ? dump.folder : dump.vmcore));
}

Json json_of(const std::vector<SavedDump>& dumps) {
  Json out = Json::array();
  for (const SavedDump& dump : dumps) {
    out.push_back({{"date", dump.date},
                   {"state", state_of(dump)},
                   {"folder", dump.folder},
                   {"vmcore", dump.vmcore},
                   {"size", dump.size}});
  }
  return out;
}

}  // namespace

/// The dumps on a local target, the oldest first.
Result<int> list(const Context& context) {
  bool json = false;
  CLI::App app("Lists the dumps that this host can see, the oldest first.", "kdumpctl list");
  app.add_flag("--json", json, "As JSON, sizes in bytes");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const Settings settings = TRY(load_settings(context.root, context.log));
  const std::string folder = TRY(dump_folder(context.root, settings.config));
  if (folder.empty()) {
    context.log.warning("The dumps are on {}, where kdumpctl does not look",
                        config::spelling_of(settings.config.target));
  }
  const auto dumps = TRY(saved_dumps(context.root, folder));
  std::string text;
  for (const SavedDump& dump : dumps) text += line_of(dump);
  TRY(json ? print_json(json_of(dumps)) : print_text(text));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
