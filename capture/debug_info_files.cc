// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/debug_info_files.h"

#include "base/io.h"
#include "base/subprocess.h"
#include "base/sys_root.h"

#include <chrono>

namespace kdump::capture {
namespace {

constexpr const char* kReader = "kdump-vmcoreinfo";
// A kernel's DWARF has hundreds of MiB.
constexpr std::chrono::minutes kPatience{10};
// A VMCOREINFO note has some KiB.
constexpr std::size_t kMaxText = std::size_t{1} << 20U;

/// Beside this program, else in PATH.
std::string reader_path() {
  const SysRoot host;
  const auto self = host.read_link("/proc/self/exe");
  if (!self) return kReader;
  const std::string beside = self->substr(0, self->rfind('/') + 1) + kReader;
  return host.exists(beside) ? beside : kReader;
}

}  // namespace

Result<std::string> vmcoreinfo_of_vmlinux(const std::string& vmlinux) {
  auto output = run_command({reader_path(), "--", vmlinux}, kPatience);
  if (!output && output.error().kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kNotFound,
                      "{}: the program that reads debug information, {}, is not installed",
                      vmlinux,
                      kReader);
  }
  if (!output) return std::move(output).error().with_context(kReader);
  if (!output->status.success()) {
    return make_error(
        ErrorKind::kBadData, "{}: {} ended with {}", vmlinux, kReader, output->status.describe());
  }
  return std::move(output->out);
}

Result<std::string> read_debug_info(const DebugInfoFiles& files) {
  if (!files.vmlinux.empty()) return vmcoreinfo_of_vmlinux(files.vmlinux);
  if (files.vmcoreinfo.empty()) return std::string();
  return read_file(files.vmcoreinfo, kMaxText);
}

}  // namespace kdump::capture
