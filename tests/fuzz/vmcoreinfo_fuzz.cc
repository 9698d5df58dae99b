// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO text, and the layout of struct page that follows from it.
#include "capture/kernel/page_layout.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  const Vmcoreinfo info(std::string_view(reinterpret_cast<const char*>(data), size));
  static_cast<void>(info.page_shift());
  static_cast<void>(info.text("OSRELEASE"));
  static_cast<void>(info.symbol("init_top_pgt"));
  static_cast<void>(info.number("phys_base"));
  static_cast<void>(info.decimal("CRASHTIME"));
  const auto layout = resolve_page_layout(info);
  // What is used as an offset into struct page must lie inside it.
  if (!layout) return 0;
  for (const std::uint32_t offset :
       {layout->flags, layout->mapping, layout->private_data, layout->compound_head}) {
    if (offset > layout->size - sizeof(std::uint64_t)) __builtin_trap();
  }
  if (layout->mapcount > layout->size - sizeof(std::uint32_t)) __builtin_trap();
  if (layout->order && layout->order->offset >= layout->size) __builtin_trap();
  return 0;
}
