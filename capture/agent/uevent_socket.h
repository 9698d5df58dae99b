// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "capture/agent/system.h"

#include <string_view>

namespace kdump::agent {

/// Whether a kernel uevent ("ACTION@DEVPATH\0KEY=VALUE\0...") is about a block device.
[[nodiscard]] bool is_block_uevent(std::string_view datagram);

/// The kernel's announcements of new and changed devices (netlink(7), NETLINK_KOBJECT_UEVENT).
class UeventSocket {
 public:
  static Result<UeventSocket> open();

  /// Waits for an event about a block device (true), or until the time given (false). Takes what
  /// else has queued up with it.
  [[nodiscard]] bool wait(Deadline until);
  /// When the last event about any device was taken; at first the time of open().
  [[nodiscard]] Deadline last_event() const { return last_event_; }

 private:
  explicit UeventSocket(Fd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] bool drain();

  Fd fd_;
  Deadline last_event_ = Clock::now();
};

}  // namespace kdump::agent
