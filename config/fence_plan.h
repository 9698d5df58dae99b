// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace kdump::config {

/// Messages to the nodes of a cluster while a dump is being saved, so that none of them fences this
/// host meanwhile. Defaults are those of fence_kdump_send(8).
struct PlannedFenceKdump {
  std::vector<std::string> addresses;  ///< of the other nodes
  unsigned port = 7410;                ///< UDP
  unsigned interval = 10;              ///< seconds
  unsigned count = 0;                  ///< messages to each; 0: until the end
  friend bool operator==(const PlannedFenceKdump&, const PlannedFenceKdump&) = default;
};

}  // namespace kdump::config
