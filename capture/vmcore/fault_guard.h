// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <csetjmp>

namespace kdump::capture {

/// Makes SIGBUS survivable for code run by without_fault(): a poisoned page of /proc/vmcore, an I/O
/// error or a truncation under a mapped file. Called once by a tool before it maps anything; a
/// SIGBUS outside without_fault() kills the process as it always did.
Status install_fault_guard();

namespace detail {

struct FaultFrame {
  sigjmp_buf environment;
  FaultFrame* outer = nullptr;
};

/// The innermost guarded call of this thread. A signal handler has no other way to know its caller.
FaultFrame*& current_fault_frame();

}  // namespace detail

/// Runs `work`; false when a SIGBUS ended it half-way. `work` must hold no object whose destructor
/// matters while it touches mapped memory, since the destructor would not run.
template <typename Work>
[[nodiscard]] bool without_fault(Work&& work) {
  detail::FaultFrame frame;
  frame.outer = detail::current_fault_frame();
  if (sigsetjmp(frame.environment, 0) != 0) {
    detail::current_fault_frame() = frame.outer;
    return false;
  }
  detail::current_fault_frame() = &frame;
  work();
  detail::current_fault_frame() = frame.outer;
  return true;
}

}  // namespace kdump::capture
