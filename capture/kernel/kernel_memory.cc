// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/kernel_memory.h"

#include <algorithm>

namespace kdump::capture {
namespace {

// The smallest page size: an address found through headers is looked up again for each of these.
constexpr std::uint64_t kHeaderStep = 4096;

}  // namespace

Result<Translation> KernelMemory::locate(VirtAddr address) const {
  auto walked = space_->translate(address);
  if (walked) return walked;
  // Damaged page tables: what the image's headers say still finds the direct map.
  const auto phys = image_.header_address(address);
  if (!phys) return walked;
  return Translation{*phys, kHeaderStep - address.value() % kHeaderStep};
}

Status KernelMemory::read(VirtAddr address, std::span<std::byte> into) const {
  while (!into.empty()) {
    const Translation piece = TRY(locate(address));
    const auto part =
        into.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size, into.size())));
    auto status = image_.read(piece.phys, part);
    if (!status) {
      return std::move(status).error().with_context(fmt::format("kernel address {}", address));
    }
    into = into.subspan(part.size());
    address += part.size();
  }
  return {};
}

}  // namespace kdump::capture
