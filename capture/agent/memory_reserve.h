// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/sys_root.h"

#include <chrono>
#include <cstdint>

namespace kdump::agent {

/// Memory that is kept free from the start, so that the failure can still be told when a program
/// was killed because nothing else is left: files in memory, as a hook may write them, go with
/// nobody, and a kernel that finds no process to kill panics.
///
/// It is the page allocator's own reserve (vm.min_free_kbytes,
/// Documentation/admin-guide/sysctl/vm.rst), made larger. Pages that a process gives back would be
/// on a processor's lists, where the allocator does not count them when it decides that there are
/// none.
class MemoryReserve {
 public:
  /// For a few processes, the log of the capture and the file system that takes it.
  static constexpr std::uint64_t kKib = 4096;
  static constexpr std::chrono::milliseconds kPause{500};

  /// Keeps nothing.
  MemoryReserve() = default;
  /// Keeps nothing where the kernel has no such setting.
  explicit MemoryReserve(const SysRoot& root);

  /// Lets everybody have it, a moment (kPause) after it has been asked to: what still wants memory
  /// is killed by then, and takes none of this. Later calls, in whichever process, change nothing.
  void release();

 private:
  Fd setting_;  ///< open from the start, because opening takes memory
  std::uint64_t before_ = 0;
  bool released_ = false;
};

}  // namespace kdump::agent
