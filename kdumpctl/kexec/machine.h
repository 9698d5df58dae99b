// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"

#include <cstdint>

namespace kdump::kexec {

enum class Machine {
  kX86,    ///< x86_64
  kArm64,  ///< aarch64
};

/// What every segment's address and size is a multiple of; bytes. On arm64 the largest page size
/// that a kernel there can run with, as nothing tells the loading process which one it is until the
/// kernel refuses.
[[nodiscard]] constexpr std::uint64_t segment_alignment(Machine machine) {
  return machine == Machine::kArm64 ? 0x10000 : 0x1000;
}

/// x86: the conventional memory, in which a panic kernel starts its CPUs
/// (arch/x86/realmode/init.c).
inline constexpr Range kLowMemory{0, 0xa0000};

}  // namespace kdump::kexec
