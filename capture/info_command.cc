// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/info_command.h"

#include "base/exit_code.h"
#include "base/io.h"
#include "capture/command_line.h"
#include "capture/info.h"

#include <array>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr int kJson = 256;
constexpr std::array<option, 3> kOptions = {{
    {"json", no_argument, nullptr, kJson},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
}};

constexpr std::string_view kHelp = R"(Usage: kdump-collect info [--json] FILE

Says what FILE is: its form, the kernel it is of, what was left out, how many
pages it has and how they are stored. FILE is a dump in any form that
kdump-collect reads. The contents of pages are not looked at; see
kdump-collect verify --help.

      --json   one JSON object instead of lines
  -h, --help   show this text
Exit codes: 0 FILE was read, 1 it could not be read, 2 wrong usage.
)";

struct InfoCall {
  std::string path;
  bool json = false;
  bool help = false;
};

Result<InfoCall> parse(const std::vector<std::string>& arguments) {
  InfoCall call;
  const auto files =
      TRY(parse_command_line(arguments, "h", kOptions, [&call](int option, std::string_view) {
        (option == kJson ? call.json : call.help) = true;
        return Status();
      }));
  if (call.help) return call;
  if (files.size() != 1) {
    return make_error(ErrorKind::kUsage, "{} names given, but one is needed: FILE", files.size());
  }
  call.path = files.front();
  return call;
}

}  // namespace

Result<int> run_info(const std::vector<std::string>& arguments, const Log& log) {
  const auto call = parse(arguments);
  if (!call) {
    log.error("{}\nTry 'kdump-collect info --help'.", call.error().message);
    return kExitUsage;
  }
  if (call->help) {
    TRY(write_all(STDOUT_FILENO, kHelp));
    return kExitOk;
  }
  const std::vector<Field> fields = TRY(describe_dump(call->path));
  TRY(write_all(STDOUT_FILENO, call->json ? fields_as_json(fields) : fields_as_text(fields)));
  return kExitOk;
}

}  // namespace kdump::capture
