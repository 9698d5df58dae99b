// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/system.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace kdump::agent {

/// Until when the capture counts as alive. The worker sets it, other processes see it: make it
/// before they are forked.
class ProgressMark {
 public:
  static Result<ProgressMark> create();

  /// A step begins, or something has moved.
  void alive_until(Deadline until) const { *until_ = until.time_since_epoch().count(); }
  [[nodiscard]] Deadline until() const { return Deadline(Clock::duration(until_->load())); }

 private:
  using Shared = std::atomic<std::int64_t>;
  static_assert(Shared::is_always_lock_free);
  struct Unmap {
    void operator()(Shared* memory) const;
  };
  explicit ProgressMark(Shared* memory) : until_(memory) {}

  std::unique_ptr<Shared, Unmap> until_;
};

}  // namespace kdump::agent
