// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"

#include <chrono>
#include <cstdint>

namespace kdump::ctl::rehearsal {

struct Wishes {
  std::uint64_t reserved = 0;       ///< bytes; 0: as this host has, or should have
  std::chrono::seconds patience{};  ///< 0: by itself
  bool emulate = false;             ///< without KVM
  bool keep = false;                ///< the machine's disk and console stay
};

/// Boots this host's panic kernel in a virtual machine, crashes it there, and looks at what the
/// capture image of this host saves on a scratch disk. Reports as it goes; the result is an exit
/// code. Nothing of the host is changed.
Result<int> rehearse(const Context& context, const Wishes& wishes);

}  // namespace kdump::ctl::rehearsal
