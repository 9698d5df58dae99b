// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/page_class.h"

#include <cstring>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kTailBit = 1;
constexpr std::uint64_t kAnonymousBit = 1;  // include/linux/page-flags.h: PAGE_MAPPING_ANON
constexpr std::uint64_t kOrderMask = 0xff;
// 6.12 (4ffca5a96678): a page type is the top byte of the word; the rest may come to hold data.
constexpr unsigned kTypeShift = 24;
constexpr std::uint32_t kFirstTopByteType = 0xf0;

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

bool aligned(Pfn pfn, unsigned order) {
  return (pfn.value() & ((std::uint64_t{1} << order) - 1)) == 0;
}

}  // namespace

struct PageClassifier::Words {
  std::uint64_t flags = 0;
  std::uint32_t mapcount = 0;
  std::uint64_t mapping = 0;
};

std::string_view page_class_name(PageClass page_class) {
  constexpr std::array<std::string_view, kPageClasses> kNames = {
      "kept", "free", "unaccepted", "cache", "cache-private", "user", "hwpoison", "offline"};
  return kNames[static_cast<std::size_t>(page_class)];
}

PageClassifier::PageClassifier(const PageLayout& layout, DumpLevel level)
    : layout_(layout), level_(level) {}

bool PageClassifier::has_type(std::uint32_t word, std::uint32_t wanted) const {
  if (word == wanted) return true;
  const bool top_byte_type =
      (wanted >> kTypeShift) >= kFirstTopByteType && wanted << (32U - kTypeShift) == 0;
  return top_byte_type && word >> kTypeShift == wanted >> kTypeShift;
}

bool PageClassifier::is_slab(const Words& words) const {
  if (layout_.slab_type) return has_type(words.mapcount, *layout_.slab_type);
  return layout_.slab_flag && (words.flags & *layout_.slab_flag) != 0;
}

bool PageClassifier::is_cache(std::uint64_t flags) const {
  if ((flags & layout_.lru) != 0) return true;
  // The swap cache flag has a second meaning on pages that are not swap backed.
  const bool swap_backed = !layout_.swap_backed || (flags & *layout_.swap_backed) != 0;
  return swap_backed && (flags & layout_.swap_cache) != 0;
}

bool PageClassifier::poisoned(const std::byte* page) const {
  return layout_.hw_poison && (load<std::uint64_t>(page + layout_.flags) & *layout_.hw_poison) != 0;
}

std::uint64_t PageClassifier::head_word(const std::byte* page) const {
  return load<std::uint64_t>(page + layout_.compound_head);
}

bool PageClassifier::is_tail(const std::byte* page) const {
  return (head_word(page) & kTailBit) != 0;
}

bool PageClassifier::is_head(const std::byte* page) const {
  return layout_.head && (load<std::uint64_t>(page + layout_.flags) & *layout_.head) != 0;
}

unsigned PageClassifier::compound_order(Pfn pfn,
                                        const std::byte* page,
                                        const std::byte* next) const {
  if (!layout_.order || next == nullptr || !is_head(page) || !is_tail(next)) return 0;
  const std::uint64_t order = static_cast<std::uint64_t>(next[layout_.order->offset]) & kOrderMask;
  if (order > kMaxOrder || !aligned(pfn, static_cast<unsigned>(order))) return 0;
  return static_cast<unsigned>(order);
}

bool PageClassifier::is_hugetlb(const Words& words, const std::byte* next) const {
  if (!layout_.hugetlb) return false;
  const HugetlbMark& mark = *layout_.hugetlb;
  switch (mark.kind) {
    case HugetlbMark::Kind::kPageType:
      return has_type(words.mapcount, mark.value);
    case HugetlbMark::Kind::kSecondFlag:
      return (load<std::uint64_t>(next + mark.offset) >> mark.value & 1U) != 0;
    case HugetlbMark::Kind::kDestructor:
      return static_cast<std::uint32_t>(next[mark.offset]) == mark.value;
  }
  return false;
}

PageVerdict PageClassifier::free_block(Pfn pfn, std::uint64_t order) const {
  PageVerdict verdict;
  if (order >= layout_.free_orders || !aligned(pfn, static_cast<unsigned>(order))) {
    verdict.wild = true;
    return verdict;
  }
  verdict.page_class = PageClass::kFree;
  verdict.order = static_cast<std::uint8_t>(order);
  return verdict;
}

PageVerdict PageClassifier::classify(Pfn pfn, const std::byte* page, const std::byte* next) const {
  if (is_tail(page)) {
    PageVerdict verdict;
    verdict.tail = true;
    if (poisoned(page)) verdict.page_class = PageClass::kHwPoison;
    return verdict;
  }
  const Words words{load<std::uint64_t>(page + layout_.flags),
                    load<std::uint32_t>(page + layout_.mapcount),
                    load<std::uint64_t>(page + layout_.mapping)};
  const bool slab = is_slab(words);
  const bool free_excluded = level_.excludes(DumpLevel::kFree);
  if (free_excluded && !slab && layout_.buddy_type &&
      has_type(words.mapcount, *layout_.buddy_type)) {
    return free_block(pfn, load<std::uint64_t>(page + layout_.private_data));
  }
  if (!slab && layout_.unaccepted_type && has_type(words.mapcount, *layout_.unaccepted_type)) {
    PageVerdict verdict = free_block(pfn, layout_.free_orders - 1);
    if (verdict.page_class == PageClass::kFree) verdict.page_class = PageClass::kUnaccepted;
    return verdict;
  }

  const auto order = static_cast<std::uint8_t>(compound_order(pfn, page, next));
  const bool hugetlb = order > 0 && is_hugetlb(words, next);
  const bool anonymous = !slab && (words.mapping & kAnonymousBit) != 0;
  const bool cache = !anonymous && is_cache(words.flags);
  const bool has_private = (words.flags & layout_.private_flag) != 0;
  const auto verdict = [&](PageClass page_class) {
    return PageVerdict{page_class, order, false, hugetlb, false};
  };
  if (cache && !has_private &&
      (level_.excludes(DumpLevel::kCache) || level_.excludes(DumpLevel::kCachePrivate))) {
    return verdict(PageClass::kCache);
  }
  if (cache && level_.excludes(DumpLevel::kCachePrivate)) return verdict(PageClass::kCachePrivate);
  if (level_.excludes(DumpLevel::kUser) && (anonymous || hugetlb)) {
    return verdict(PageClass::kUser);
  }
  if (poisoned(page)) {
    // A hugetlb head is marked for whichever of its pages failed; any other mark is for one page.
    if (order > 0 && !hugetlb) return PageVerdict{PageClass::kHwPoison, 0, false, false, false};
    return verdict(PageClass::kHwPoison);
  }
  if (!slab && layout_.offline_type && has_type(words.mapcount, *layout_.offline_type)) {
    return verdict(PageClass::kOffline);
  }
  // Tails of a kept compound page may be poisoned one by one: they are looked at. Those of a
  // hugetlb page are not, because most of them are not there (HugeTLB vmemmap optimization).
  if (!hugetlb && layout_.hw_poison) return {};
  return verdict(PageClass::kKept);
}

}  // namespace kdump::capture
