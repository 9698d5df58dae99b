// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/fault_guard.h"

#include <cerrno>
#include <csignal>

namespace kdump::capture {
namespace {

void on_fault(int signal) {
  detail::FaultFrame* const frame = detail::current_fault_frame();
  if (frame != nullptr) siglongjmp(frame->environment, 1);
  // Not ours: die by the signal, as without a handler.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

Status install_fault_guard() {
  struct sigaction action {};
  action.sa_handler = on_fault;
  // The handler leaves by siglongjmp, which does not restore the mask.
  action.sa_flags = SA_NODEFER;
  if (::sigaction(SIGBUS, &action, nullptr) != 0) return system_error(errno, "catch SIGBUS");
  return {};
}

namespace detail {

FaultFrame*& current_fault_frame() {
  static thread_local FaultFrame* frame = nullptr;
  return frame;
}

}  // namespace detail
}  // namespace kdump::capture
