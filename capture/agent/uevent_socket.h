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
  [[nodiscard]] bool wait(Deadline until) const;

 private:
  explicit UeventSocket(Fd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] bool drain() const;

  Fd fd_;
};

}  // namespace kdump::agent
