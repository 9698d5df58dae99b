// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/text.h"
#include "config/effective_settings.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/failure_import.h"
#include "kdumpctl/last_capture.h"
#include "kdumpctl/look_back.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/settings.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::commands {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const LastCapture& last) {
  const CaptureReport& report = last.report;
  std::string out = summary_of(last) + "\n";
  if (last.dump.complete) out += fmt::format("size: {}\n", format_size(last.dump.size));
  if (!report.panic.empty()) out += fmt::format("panic: {}\n", report.panic);
  for (const std::string& error : report.errors) out += fmt::format("error: {}\n", error);
  if (report.lowest_memory_kib && report.memory_kib) {
    out += fmt::format("memory: {} of {} available at the lowest\n",
                       format_size(*report.lowest_memory_kib << 10U),
                       format_size(*report.memory_kib << 10U));
  }
  if (report.has_log) out += fmt::format("log: {}/kexec-dmesg.log\n", last.dump.folder);
  return out;
}

Json json_of(const LastCapture& last) {
  Json out = {{"date", last.dump.date},
              {"folder", last.dump.folder},
              {"vmcore", last.dump.vmcore},
              {"complete", last.dump.complete},
              {"size", last.dump.size},
              {"panic", last.report.panic},
              {"errors", last.report.errors}};
  if (last.report.lowest_memory_kib && last.report.memory_kib) {
    out["lowest_memory_bytes"] = *last.report.lowest_memory_kib << 10U;
    out["memory_bytes"] = *last.report.memory_kib << 10U;
  }
  return out;
}

std::string text_of(const FailureRecord& failure) {
  std::string out = fmt::format("The capture of {} could save nothing: {}\nrecord: {}\n",
                                failure.date,
                                failure.reason,
                                failure.file);
  if (!failure.dmesg_file.empty()) out += fmt::format("messages: {}\n", failure.dmesg_file);
  return out;
}

Json json_of(const FailureRecord& failure) {
  return {{"date", failure.date},
          {"vmcore", ""},
          {"complete", false},
          {"errors", Json::array({failure.reason})},
          {"record", failure.file},
          {"messages", failure.dmesg_file}};
}

}  // namespace

/// What became of the last panic. Exit code 1: there is no whole vmcore of it.
Result<int> last(const Context& context) {
  bool json = false;
  CLI::App app("Says what became of the last panic: exit code 1 when it left no whole vmcore.",
               "kdumpctl last");
  app.add_flag("--json", json, "As one JSON object, sizes in bytes");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const Settings settings = TRY(load_settings(context.root, context.log));
  const auto found = TRY(last_capture(context.root, settings.config));
  const auto failure = newest_failure(context.root, kFailureFolder);
  if (failure && (!found || failure->date > found->dump.date)) {
    TRY(json ? print_json(json_of(*failure)) : print_text(text_of(*failure)));
    return kExitFailed;
  }
  if (!found) {
    const std::string target = config::spelling_of(settings.config.target);
    const std::string folder = TRY(dump_folder(context.root, settings.config));
    const std::string text =
        folder.empty() ? fmt::format("Dumps are on {}, where kdumpctl does not look", target)
                       : fmt::format("No capture is known: there is none in {}", folder);
    if (json) {
      TRY(print_json(Json()));
    } else {
      TRY(print_text(text + "\n"));
    }
    return kExitOk;
  }
  if (!found->dump.readable) {
    return make_error(ErrorKind::kUsage, "{} can be read by root only", found->dump.folder);
  }
  TRY(json ? print_json(json_of(*found)) : print_text(text_of(*found)));
  return found->dump.complete ? kExitOk : kExitFailed;
}

}  // namespace kdump::ctl::commands
