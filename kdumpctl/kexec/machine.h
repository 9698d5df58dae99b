// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

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

}  // namespace kdump::kexec
