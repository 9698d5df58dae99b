// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "kdumpctl/kexec/host_facts.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/x86/e820.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kdump::kexec::x86 {

/// What the panic kernel is told besides its command line.
struct BootParamsRequest {
  const KernelImage& kernel;
  const HostFacts& host;
  const std::vector<E820Entry>& e820;
  Range initrd;  ///< physical
  const std::string& command_line;
  const std::vector<std::byte>& rng_seed;  ///< may be empty
  bool efi_runtime = true;
};

/// The "zero page" (Documentation/arch/x86/zero-page.rst) with everything it points to behind it:
/// command line, then setup_data nodes (EFI, further e820 entries, random seed). To be placed at
/// `address` (8-byte aligned); the size does not depend on it.
[[nodiscard]] std::vector<std::byte> build_boot_params(const BootParamsRequest& request,
                                                       PhysAddr address);

/// Whether the panic kernel can be given EFI's runtime services: 64-bit firmware, a runtime map
/// from the running kernel, and an image that says it can (XLF_EFI_KEXEC).
[[nodiscard]] bool can_pass_efi(const KernelImage& kernel, const HostFacts& host);

/// The ACPI root pointer for a panic kernel that cannot search for it; 0: unknown (BIOS hosts).
[[nodiscard]] std::uint64_t acpi_root_pointer(const HostFacts& host);

}  // namespace kdump::kexec::x86
