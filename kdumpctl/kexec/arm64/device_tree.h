// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kdump::kexec::arm64 {

/// What the next kernel is told besides the machine itself; physical addresses.
struct DeviceTreeRequest {
  /// The tree that the running kernel was booted with, as /sys/firmware/fdt shows it. On hosts with
  /// ACPI a small one of the EFI stub's, which says where the firmware's tables are.
  const std::vector<std::byte>& running;
  const std::string& command_line;
  Range initrd;  ///< empty: none
  /// For the kernel's address randomisation (the first 8 bytes) and its random generator (the
  /// rest); empty: neither.
  const std::vector<std::byte>& seed;

  // For panic kernels only.
  std::optional<Range> elfcorehdr;
  std::vector<Range> usable;  ///< the only RAM that it may use: the region of the segments first
};

/// The running kernel's tree with /chosen rewritten (Documentation/devicetree/bindings/chosen.yaml
/// of the kernel and dt-schema's chosen.yaml). The size does not depend on the addresses, as long
/// as the same things are there.
///
/// kBadData: the tree is damaged; kUnsupported: it cannot express an address, or grows larger than
/// the 2 MiB that the boot protocol allows.
Result<std::vector<std::byte>> build_device_tree(const DeviceTreeRequest& request);

}  // namespace kdump::kexec::arm64
