// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "kdumpctl/kexec/machine.h"
#include "kdumpctl/kexec/x86/serial_check.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kdump::kexec::x86 {

/// What the trampoline tells a serial line, where that is wanted.
struct SerialOutput {
  std::uint16_t port = 0;
  std::vector<LoadedBytes> loaded;  ///< to be compared with what is there
};

/// The few instructions between the dead kernel and the panic kernel, to be loaded at `address`
/// (one page; its end is the stack). The dying kernel jumps to its first byte in 64-bit mode with
/// paging on, everything identity-mapped, interrupts off, and a GDT that no longer exists; the
/// 64-bit boot protocol (Documentation/arch/x86/boot.rst) asks for a GDT with code at 0x10 and data
/// at 0x18 and for the address of boot_params in RSI. `backup`: kLowMemory is copied there before.
[[nodiscard]] std::vector<std::byte> build_trampoline(PhysAddr address,
                                                      PhysAddr boot_params,
                                                      PhysAddr kernel_entry,
                                                      const std::optional<SerialOutput>& serial,
                                                      std::optional<PhysAddr> backup = {});

}  // namespace kdump::kexec::x86
