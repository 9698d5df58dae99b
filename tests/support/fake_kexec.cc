// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/fake_kexec.h"

#include "base/io.h"

#include <linux/kexec.h>

namespace kdump::test {
namespace {

std::string content(int fd) {
  if (fd < 0) return {};
  return read_file("/proc/self/fd/" + std::to_string(fd)).value_or("unreadable");
}

}  // namespace

FakeKexec::FakeKexec(const TempTree& tree) : tree_(tree) {
  set_loaded(kexec::LoadKind::kPanic, false);
  set_loaded(kexec::LoadKind::kReboot, false);
}

Status FakeKexec::check_serves(const SysRoot& root) const {
  if (root.prefix() == tree_.folder()) return {};
  return make_error(ErrorKind::kUsage, "this kernel serves {}", tree_.folder());
}

int FakeKexec::load(PhysAddr entry,
                    const std::vector<kexec::Segment>& segments,
                    unsigned long flags) {
  calls.push_back({.files = false,
                   .flags = flags,
                   .entry = entry,
                   .segments = segments,
                   .kernel = {},
                   .initrd = {},
                   .command_line = {}});
  const bool panic = (flags & KEXEC_ON_CRASH) != 0;
  return answer(panic ? kexec::LoadKind::kPanic : kexec::LoadKind::kReboot, segments.empty());
}

int FakeKexec::load_files(int kernel,
                          int initrd,
                          const std::string& command_line,
                          unsigned long flags) {
  calls.push_back({.files = true,
                   .flags = flags,
                   .entry = {},
                   .segments = {},
                   .kernel = content(kernel),
                   .initrd = content(initrd),
                   .command_line = command_line});
  const bool panic = (flags & KEXEC_FILE_ON_CRASH) != 0;
  return answer(panic ? kexec::LoadKind::kPanic : kexec::LoadKind::kReboot,
                (flags & KEXEC_FILE_UNLOAD) != 0);
}

int FakeKexec::answer(kexec::LoadKind kind, bool unload) {
  Answer next;
  if (!answers.empty()) {
    next = answers.front();
    answers.pop_front();
  }
  if (next.code == 0) set_loaded(kind, !unload);
  if (next.unloads) set_loaded(kind, false);
  return next.code;
}

void FakeKexec::set_loaded(kexec::LoadKind kind, bool loaded) const {
  tree_.write(kind == kexec::LoadKind::kPanic ? "/sys/kernel/kexec_crash_loaded"
                                              : "/sys/kernel/kexec_loaded",
              loaded ? "1\n" : "0\n");
}

}  // namespace kdump::test
