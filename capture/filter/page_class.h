// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "capture/filter/dump_level.h"
#include "capture/kernel/page_layout.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kdump::capture {

/// Why a page is left out of a dump, or that it is not.
enum class PageClass : std::uint8_t {
  kKept,  ///< everything else: kernel data, page tables, what is not understood
  kFree,
  kUnaccepted,  ///< never accepted by a confidential guest; reading it can end the guest: left out
                ///< at every level
  kCache,
  kCachePrivate,
  kUser,
  kHwPoison,  ///< memory that failed; left out at every level
  kOffline,   ///< given to a balloon or unplugged; left out at every level
};
inline constexpr std::size_t kPageClasses = 8;

/// "free", "cache", ...
[[nodiscard]] std::string_view page_class_name(PageClass page_class);

/// A statement about the 2^order pages from some page on.
struct PageVerdict {
  PageClass page_class = PageClass::kKept;
  std::uint8_t order = 0;
  /// The page is a tail of a compound page, whose head decides (unless it is poisoned itself).
  bool tail = false;
  bool hugetlb = false;  ///< one of kUser that is on no LRU list
  bool wild = false;     ///< kept: a free block of an order that no kernel makes
};

/// Decides by the bytes of struct pages alone. The classes and their order of precedence are those
/// of makedumpfile, so that equal levels give equal dumps, with three differences: unaccepted
/// memory is left out whatever the level, a poisoned page in a compound page that is no hugetlb
/// page costs that page and not the whole compound page, and orders are believed only when struct
/// pages at both ends of the block agree.
///
/// A class that the level does not exclude is never answered; such pages are tried against the
/// classes that follow.
class PageClassifier {
 public:
  /// Folios and blocks larger than this are taken for damage: 2^18 pages are 1 GiB with 4 KiB
  /// pages, 16 GiB with 64 KiB.
  static constexpr unsigned kMaxOrder = 18;

  PageClassifier(const PageLayout& layout, DumpLevel level);

  /// `page`: the struct page of `pfn`. `next`: the one behind it, or null when there is none; it is
  /// looked at for heads of compound pages only. Both have layout.size bytes.
  [[nodiscard]] PageVerdict classify(Pfn pfn, const std::byte* page, const std::byte* next) const;

  /// The struct page is that of a tail.
  [[nodiscard]] bool is_tail(const std::byte* page) const;
  /// The compound_head word as it stands: equal for all tails of one compound page.
  [[nodiscard]] std::uint64_t head_word(const std::byte* page) const;
  /// A head of a compound page, by its flag.
  [[nodiscard]] bool is_head(const std::byte* page) const;

 private:
  struct Words;
  [[nodiscard]] bool poisoned(const std::byte* page) const;
  [[nodiscard]] bool has_type(std::uint32_t word, std::uint32_t wanted) const;
  [[nodiscard]] bool is_slab(const Words& words) const;
  [[nodiscard]] bool is_cache(std::uint64_t flags) const;
  [[nodiscard]] unsigned compound_order(Pfn pfn,
                                        const std::byte* page,
                                        const std::byte* next) const;
  [[nodiscard]] bool is_hugetlb(const Words& words, const std::byte* next) const;
  [[nodiscard]] PageVerdict free_block(Pfn pfn, std::uint64_t order) const;

  PageLayout layout_;
  DumpLevel level_;
};

}  // namespace kdump::capture
