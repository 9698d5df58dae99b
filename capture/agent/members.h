// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/capture.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kdump::agent {

/// A device that is part of a volume.
struct Member {
  std::string node;
  std::string number;  ///< "major:minor"
  std::uint64_t sectors = 0;
  DeviceIdentity identity;
};

/// The devices of /sys/class/block that are parts of volumes; each is looked at once, and again
/// when the kernel says that something changed.
class Members {
 public:
  Members(const CaptureContext& context, Deadline deadline)
      : context_(context), deadline_(deadline) {}

  /// Those of this type, after a look at what is new.
  std::vector<Member> of_type(const std::string& type);
  void wait();
  /// Whether nothing more is waited for (settled.h), nor for a device that has not answered yet.
  [[nodiscard]] bool are_given_up() const;

 private:
  void look();

  const CaptureContext& context_;
  Deadline start_ = context_.system.now();
  Deadline deadline_;
  bool one_is_silent_ = false;
  std::map<std::string, Member> seen_;
};

}  // namespace kdump::agent
