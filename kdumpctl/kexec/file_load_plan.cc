// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/file_load_plan.h"

#include "kdumpctl/kexec/command_line.h"

namespace kdump::kexec {
namespace {

// Bytes that the kernel puts in front of a panic kernel's command line.
std::uint64_t added_by_the_kernel(const FileLoadRequest& request) {
  if (request.kind != LoadKind::kPanic || request.kernel.machine() != Machine::kX86) return 0;
  // MAX_ELFCOREHDR_STR_LEN, arch/x86/include/asm/kexec-bzimage64.h: for "elfcorehdr=0x... ".
  return 30;
}

}  // namespace

Result<FileLoadPlan> plan_file_load(const FileLoadRequest& request) {
  if (request.kind == LoadKind::kPanic && request.initrd.empty()) {
    return make_error(ErrorKind::kUsage, "no initrd given: a panic kernel needs one");
  }
  TRY(check_parameters(request.command_line));
  TRY(check_length(request.command_line,
                   request.kernel.command_line_max() - added_by_the_kernel(request),
                   request.kernel.path));
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
