// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/file_load_plan.h"

#include "kdumpctl/kexec/command_line.h"

namespace kdump::kexec {
namespace {

// MAX_ELFCOREHDR_STR_LEN, arch/x86/include/asm/kexec-bzimage64.h: room that the kernel wants for
// "elfcorehdr=0x... " in front of the command line.
constexpr std::uint64_t kElfcorehdrRoom = 30;

}  // namespace

Result<FileLoadPlan> plan_file_load(const FileLoadRequest& request) {
  const bool panic = request.kind == LoadKind::kPanic;
  if (panic && request.initrd.empty()) {
    return make_error(ErrorKind::kUsage, "no initrd given: a panic kernel needs one");
  }
  TRY(check_parameters(request.command_line));
  const std::uint64_t limit = request.kernel.setup.command_line_max;
  TRY(check_length(
      request.command_line, panic ? limit - kElfcorehdrRoom : limit, request.kernel.path));
  FileLoadPlan plan{.kind = request.kind,
                    .kernel = {.path = request.kernel.path, .bytes = {}},
                    .initrd = {},
                    .command_line = request.command_line,
                    .debug = request.debug};
  if (!request.kernel.container.empty()) plan.kernel.bytes = request.kernel.bytes;
  if (!request.initrd.empty()) {
    const bool one_file = request.initrd_paths.size() == 1;
    plan.initrd = FileSource{.path = request.initrd_paths.empty() ? "" : request.initrd_paths[0],
                             .bytes = one_file ? std::vector<std::byte>{} : request.initrd};
  }
  return plan;
}

}  // namespace kdump::kexec
