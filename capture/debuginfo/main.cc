// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/tool_main.h"
#include "capture/debuginfo/vmlinux.h"

#include <unistd.h>

namespace {

constexpr std::string_view kUsage =
    "Usage: kdump-vmcoreinfo VMLINUX\n"
    "       kdump-vmcoreinfo --help | --version\n"
    "\n"
    "Prints what a kernel's VMCOREINFO note says about its types and symbols, as far as\n"
    "the debug information of VMLINUX tells: for kdump-collect --vmcoreinfo, and for\n"
    "makedumpfile -i. Exit codes: 0 printed, 1 failure, 2 wrong usage.\n";

kdump::Result<int> run(const std::vector<std::string>& arguments) {
  std::vector<std::string> names(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (names.size() == 1 && (names[0] == "--help" || names[0] == "-h")) {
    TRY(kdump::write_all(STDOUT_FILENO, kUsage));
    return kdump::kExitOk;
  }
  if (names.size() == 1 && (names[0] == "--version" || names[0] == "-V")) {
    TRY(kdump::write_all(STDOUT_FILENO, "kdump-vmcoreinfo " KDUMP_TOOLKIT_VERSION "\n"));
    return kdump::kExitOk;
  }
  const bool ended = !names.empty() && names[0] == "--";
  if (ended) names.erase(names.begin());
  if (names.size() != 1 || (!ended && names[0].starts_with('-'))) {
    TRY(kdump::write_all(STDERR_FILENO, kUsage));
    return kdump::kExitUsage;
  }
  TRY(kdump::write_all(STDOUT_FILENO, TRY(kdump::capture::vmcoreinfo_of(names[0]))));
  return kdump::kExitOk;
}

}  // namespace

int main(int argc, char** argv) { return kdump::tool_main("kdump-vmcoreinfo", argc, argv, run); }
