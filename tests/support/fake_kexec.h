// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/kexec/kexec_syscalls.h"
#include "tests/support/temp_tree.h"

#include <deque>
#include <string>
#include <vector>

namespace kdump::test {

/// A kernel in a folder: it notes each call, answers with the next errno of `answers` (0 when there
/// is none), and keeps the attributes that say what is loaded.
class FakeKexec : public kexec::KexecSyscalls {
 public:
  struct Call {
    bool files = false;
    unsigned long flags = 0;
    PhysAddr entry;
    std::vector<kexec::Segment> segments;
    std::string kernel;  ///< what the file descriptors hold
    std::string initrd;
    std::string command_line;
  };
  struct Answer {
    int code = 0;
    bool unloads = false;  ///< the old kernel is freed before the call fails
  };

  explicit FakeKexec(const TempTree& tree);

  [[nodiscard]] Status check_serves(const SysRoot& root) const override;
  int load(PhysAddr entry,
           const std::vector<kexec::Segment>& segments,
           unsigned long flags) override;
  int load_files(int kernel,
                 int initrd,
                 const std::string& command_line,
                 unsigned long flags) override;

  void set_loaded(kexec::LoadKind kind, bool loaded) const;

  std::deque<Answer> answers;
  std::vector<Call> calls;

 private:
  int answer(kexec::LoadKind kind, bool unload);
  const TempTree& tree_;
};

}  // namespace kdump::test
