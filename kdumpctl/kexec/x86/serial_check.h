// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kdump::kexec::x86 {

/// What was loaded somewhere, and must still be there.
struct LoadedBytes {
  PhysAddr start;
  std::span<const std::byte> bytes;
};

/// Code that tells a serial line that it was reached and whether the loaded bytes are still what
/// they were, and goes on at `next` in either case: a dump that may fail beats a machine that
/// stands still. To be run at `address`, in 64-bit mode with a stack of its own, identity-mapped.
/// `port`: an 8250's first I/O port, with the speed that the running kernel has set; it waits for
/// the line a bounded time, and not at all where there is none.
[[nodiscard]] std::vector<std::byte> build_serial_check(PhysAddr address,
                                                        std::uint16_t port,
                                                        const std::vector<LoadedBytes>& loaded,
                                                        PhysAddr next);

/// The sum that it makes of the whole 64-bit words: rotated left by one before each is added.
[[nodiscard]] std::uint64_t rotating_sum(std::span<const std::byte> bytes);

}  // namespace kdump::kexec::x86
