// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/run_capture.h"

#include <optional>
#include <string>

namespace kdump::capture {

/// Where a kernel address lies in the physical memory of options.input; nothing where no memory is
/// mapped, or the page tables cannot be read: `reason` then says why. Errors are those of the file.
struct TranslatedAddress {
  std::optional<PhysAddr> phys;
  std::string reason;
};
Result<TranslatedAddress> translate_address(const CaptureOptions& options, VirtAddr address);

/// As makedumpfile --vtop and crash show it.
[[nodiscard]] std::string translation_text(VirtAddr address, const TranslatedAddress& translated);

}  // namespace kdump::capture
