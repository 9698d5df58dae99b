// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/memory_image.h"

#include "capture/vmcore/fault_guard.h"

#include <cstring>

namespace kdump::capture {

Status MemoryView::copy(PhysAddr address, std::span<std::byte> into) {
  while (!into.empty()) {
    const auto shown = TRY(at(address, into.size()));
    if (!without_fault([&] { std::memcpy(into.data(), shown.data(), shown.size()); })) {
      return make_error(ErrorKind::kUnreadable, "a fault behind physical address {}", address);
    }
    into = into.subspan(shown.size());
    address += shown.size();
  }
  return {};
}

}  // namespace kdump::capture
