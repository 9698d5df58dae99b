// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/page_layout.h"

namespace kdump::capture {
namespace {

// Debug options grow struct page to 128 bytes or so; far larger values are nonsense.
constexpr std::uint64_t kMaxPageSize = 512;
constexpr std::uint64_t kMaxFlagBit = 63;
// MAX_ORDER + 1 was 11 for decades and is 14 on arm64 with 64K pages; the kernel bounds it by the
// section size, 2^18 pages at most.
constexpr std::uint64_t kMaxFreeOrders = 19;
constexpr std::uint32_t kDefaultFreeOrders = 11;

Error missing(std::string_view key) {
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", key);
}

/// The offset of a member of `width` bytes inside struct page.
std::optional<std::uint32_t> member(const Vmcoreinfo& info,
                                    std::string_view name,
                                    std::uint64_t page_size,
                                    std::uint64_t width) {
  const auto offset = info.offset(name);
  if (!offset || *offset > page_size || page_size - *offset < width) return std::nullopt;
  return static_cast<std::uint32_t>(*offset);
}

Result<std::uint32_t> required_member(const Vmcoreinfo& info,
                                      std::string_view name,
                                      std::uint64_t page_size,
                                      std::uint64_t width) {
  const auto offset = member(info, name, page_size, width);
  if (!offset) return missing(fmt::format("OFFSET({})", name));
  return *offset;
}

std::optional<std::uint64_t> flag_mask(const Vmcoreinfo& info, std::string_view name) {
  const auto bit = info.number(name);
  if (!bit || *bit > kMaxFlagBit) return std::nullopt;
  return std::uint64_t{1} << *bit;
}

/// _mapcount words are written as signed numbers.
std::optional<std::uint32_t> page_type(const Vmcoreinfo& info, std::string_view name) {
  const auto value = info.number(name);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

/// The four ways kernels have kept a compound page's order and the mark of hugetlb pages.
void resolve_compound(const Vmcoreinfo& info, PageLayout& layout) {
  const auto type = page_type(info, "PAGE_HUGETLB_MAPCOUNT_VALUE");
  const auto flag = info.number("PG_hugetlb");
  if (type || flag) {
    // 6.6 (ebc1baf5c9b4): the order is the low byte of the second page's flags.
    layout.order = CompoundOrder{layout.flags};
    if (type) {
      layout.hugetlb = HugetlbMark{HugetlbMark::Kind::kPageType, 0, *type};
    } else if (*flag <= kMaxFlagBit) {
      layout.hugetlb = HugetlbMark{
          HugetlbMark::Kind::kSecondFlag, layout.flags, static_cast<std::uint32_t>(*flag)};
    }
    return;
  }
  auto order = member(info, "page.compound_order", layout.size, 1);
  auto destructor = member(info, "page.compound_dtor", layout.size, 1);
  if (!order) {
    // 6.3 to 6.5 (1c5509be58f6): struct folio overlays both struct pages.
    const auto in_second = [&](std::string_view name) -> std::optional<std::uint32_t> {
      const auto offset = info.offset(name);
      if (!offset || *offset < layout.size || *offset >= 2ULL * layout.size) return std::nullopt;
      return static_cast<std::uint32_t>(*offset - layout.size);
    };
    order = in_second("folio._folio_order");
    destructor = in_second("folio._folio_dtor");
  }
  if (order) layout.order = CompoundOrder{*order};
  const auto destructor_value = info.number("HUGETLB_PAGE_DTOR");
  if (destructor && destructor_value && *destructor_value <= 0xff) {
    layout.hugetlb = HugetlbMark{
        HugetlbMark::Kind::kDestructor, *destructor, static_cast<std::uint32_t>(*destructor_value)};
  }
}

}  // namespace

Result<PageLayout> resolve_page_layout(const Vmcoreinfo& info) {
  PageLayout layout;
  const auto size = info.size("page");
  if (!size || *size < 32 || *size > kMaxPageSize) return missing("SIZE(page)");
  layout.size = static_cast<std::uint32_t>(*size);
  layout.flags = TRY(required_member(info, "page.flags", *size, 8));
  layout.mapcount = TRY(required_member(info, "page._mapcount", *size, 4));
  layout.mapping = TRY(required_member(info, "page.mapping", *size, 8));
  layout.private_data = TRY(required_member(info, "page.private", *size, 8));
  if (const auto info_member = member(info, "page.compound_info", *size, 8)) {
    layout.compound_head = *info_member;
  } else {
    layout.compound_head = TRY(required_member(info, "page.compound_head", *size, 8));
  }

  const auto required_flag = [&](std::string_view name) -> Result<std::uint64_t> {
    const auto mask = flag_mask(info, name);
    if (!mask) return missing(fmt::format("NUMBER({})", name));
    return *mask;
  };
  layout.lru = TRY(required_flag("PG_lru"));
  layout.private_flag = TRY(required_flag("PG_private"));
  layout.swap_cache = TRY(required_flag("PG_swapcache"));
  layout.swap_backed = flag_mask(info, "PG_swapbacked");
  layout.hw_poison = flag_mask(info, "PG_hwpoison");
  layout.slab_flag = flag_mask(info, "PG_slab");
  layout.slab_type = page_type(info, "PAGE_SLAB_MAPCOUNT_VALUE");
  if (!layout.slab_flag && !layout.slab_type) {
    // Slabs keep their own data in the words that tell free and anonymous pages.
    return missing("NUMBER(PG_slab) or NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)");
  }
  layout.head = info.number("PG_head_mask");
  layout.buddy_type = page_type(info, "PAGE_BUDDY_MAPCOUNT_VALUE");
  layout.offline_type = page_type(info, "PAGE_OFFLINE_MAPCOUNT_VALUE");
  layout.unaccepted_type = page_type(info, "PAGE_UNACCEPTED_MAPCOUNT_VALUE");
  const auto free_orders = info.length("zone.free_area").value_or(kDefaultFreeOrders);
  if (free_orders == 0 || free_orders > kMaxFreeOrders) return missing("LENGTH(zone.free_area)");
  layout.free_orders = static_cast<std::uint32_t>(free_orders);
  resolve_compound(info, layout);
  return layout;
}

}  // namespace kdump::capture
