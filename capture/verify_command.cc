// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/verify_command.h"

#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "capture/command_line.h"
#include "capture/fields.h"
#include "capture/options.h"
#include "capture/progress_display.h"
#include "capture/thread_budget.h"

#include <array>
#include <unistd.h>

namespace kdump::capture {
namespace {

enum LongOnly { kJson = 256, kSource, kThreads, kNoProgress };

constexpr std::array<option, 6> kOptions = {{
    {"json", no_argument, nullptr, kJson},
    {"source", required_argument, nullptr, kSource},
    {"threads", required_argument, nullptr, kThreads},
    {"no-progress", no_argument, nullptr, kNoProgress},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
}};

constexpr std::string_view kHelp = R"(Usage: kdump-collect verify [OPTION]... FILE

Reads the whole of a dump back: headers, notes, page descriptors, and every page,
which is unpacked. FILE is a dump in any form that kdump-collect reads.

      --source VMCORE  compare every page with that of the vmcore (or the dump)
                       that FILE was made of
      --json           one JSON object instead of lines
      --threads N      threads; by default one for each CPU, as far as memory allows
      --no-progress    do not show how far it has come
  -h, --help           show this text
Exit codes: 0 the dump is sound, 1 it is not, or could not be read, 2 wrong usage.
)";

struct VerifyCall {
  VerifyOptions options;
  bool threads_given = false;
  bool json = false;
  bool progress = true;
  bool help = false;
};

Result<VerifyCall> parse(const std::vector<std::string>& arguments) {
  VerifyCall call;
  const auto apply = [&call](int option, std::string_view value) -> Status {
    switch (option) {
      case kJson:
        call.json = true;
        break;
      case kSource:
        call.options.source = std::string(value);
        break;
      case kThreads:
        call.options.threads = TRY(parse_threads(value));
        call.threads_given = true;
        break;
      case kNoProgress:
        call.progress = false;
        break;
      default:
        call.help = true;
        break;
    }
    return {};
  };
  const auto files = TRY(parse_command_line(arguments, "h", kOptions, apply));
  if (call.help) return call;
  if (files.size() != 1) {
    return make_error(ErrorKind::kUsage, "{} names given, but one is needed: FILE", files.size());
  }
  call.options.path = files.front();
  if (!call.threads_given) call.options.threads = default_threads(SysRoot());
  return call;
}

std::string verify_json(const std::string& path, const VerifyReport& report) {
  return fields_as_json({
      {"file", "", path},
      {"format", "", report.format},
      {"sound", "", report.sound()},
      {"pages", "", report.pages},
      {"pages_without_data", "", report.without_data},
      {"pages_compared", "", report.compared},
      {"pages_not_compared", "", report.not_compared},
      {"faults", "", report.faults},
      {"messages", "", report.messages},
  });
}

}  // namespace

std::string verify_text(const std::string& path, const VerifyReport& report) {
  std::string text =
      fmt::format("{}: {}", escape_control(path), report.sound() ? "sound" : "DAMAGED");
  if (!report.format.empty()) text += fmt::format("; {}, {} pages", report.format, report.pages);
  if (report.without_data > 0) {
    text += fmt::format(", {} of them without data", report.without_data);
  }
  if (report.compared + report.not_compared > 0) {
    text += fmt::format(", {} equal to the source", report.compared);
  }
  if (report.not_compared > 0) {
    text += fmt::format(", {} not to be read there", report.not_compared);
  }
  if (!report.sound()) text += fmt::format("; faults: {}", report.faults);
  text += '\n';
  for (const std::string& message : report.messages) {
    text += fmt::format("  {}\n", escape_control(message));
  }
  if (report.faults > report.messages.size()) {
    text += fmt::format("  and {} more\n", report.faults - report.messages.size());
  }
  return text;
}

Result<int> run_verify(const std::vector<std::string>& arguments, const Log& log) {
  const auto call = parse(arguments);
  if (!call) {
    log.error("{}\nTry 'kdump-collect verify --help'.", call.error().message);
    return kExitUsage;
  }
  if (call->help) {
    TRY(write_all(STDOUT_FILENO, kHelp));
    return kExitOk;
  }
  CaptureProgress progress;
  std::optional<ProgressDisplay> display;
  if (call->progress) display.emplace(progress, "kdump-collect");
  const auto report = verify_dump(call->options, progress);
  display.reset();
  if (!report) return report.error();
  const std::string& path = call->options.path;
  TRY(write_all(STDOUT_FILENO,
                call->json ? verify_json(path, *report) : verify_text(path, *report)));
  return report->sound() ? kExitOk : kExitFailed;
}

}  // namespace kdump::capture
