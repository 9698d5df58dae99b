// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kexec_syscalls.h"

#include <cerrno>
#include <linux/kexec.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kdump::kexec {

Status RunningKernel::check_serves(const SysRoot& root) const {
  if (root.is_host()) return {};
  return make_error(
      ErrorKind::kUsage, "kernels are loaded on the running host only, not for {}", root.prefix());
}

int RunningKernel::load(PhysAddr entry, const std::vector<Segment>& segments, unsigned long flags) {
  std::vector<struct kexec_segment> raw;
  raw.reserve(segments.size());
  for (const Segment& segment : segments) {
    raw.push_back({.buf = segment.bytes.data(),
                   .bufsz = segment.bytes.size(),
                   .mem = reinterpret_cast<const void*>(segment.address.value()),
                   .memsz = segment.memory_size});
  }
  const long rc = ::syscall(
      SYS_kexec_load, entry.value(), raw.size(), raw.empty() ? nullptr : raw.data(), flags);
  return rc == 0 ? 0 : errno;
}

int RunningKernel::load_files(int kernel,
                              int initrd,
                              const std::string& command_line,
                              unsigned long flags) {
  // The length counts the final NUL, which must be there.
  const bool unload = (flags & KEXEC_FILE_UNLOAD) != 0;
  const long rc = ::syscall(SYS_kexec_file_load,
                            kernel,
                            initrd,
                            unload ? 0UL : command_line.size() + 1,
                            unload ? nullptr : command_line.c_str(),
                            flags);
  return rc == 0 ? 0 : errno;
}

}  // namespace kdump::kexec
