// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"

#include <cstddef>
#include <vector>

namespace kdump::kexec::arm64 {

/// The few instructions between the dying kernel and the next one. They are entered with caches and
/// MMU off and X0 = 0 (arch/arm64/kernel/machine_kexec.c, where only kexec_file_load's images have
/// a device tree), and the boot protocol (Documentation/arch/arm64/booting.rst) asks for the
/// physical address of the device tree in X0 and zero in X1 to X3. Runs at any address.
[[nodiscard]] std::vector<std::byte> build_trampoline(PhysAddr device_tree, PhysAddr kernel_entry);

}  // namespace kdump::kexec::arm64
