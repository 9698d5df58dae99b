// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_kernel.h"

#include "base/io.h"
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace kdump::capture::test {
namespace {

constexpr std::uint64_t kKernelMap = 0xffffffff80000000ULL;
constexpr std::uint64_t kDirectMap4 = 0xffff888000000000ULL;
constexpr std::uint64_t kDirectMap5 = 0xff11000000000000ULL;
constexpr std::uint64_t kMemmap4 = 0xffffea0000000000ULL;
constexpr std::uint64_t kMemmap5 = 0xffd4000000000000ULL;
// Kernel structures from here on, struct pages from 64 MiB on; tests put their pages elsewhere.
constexpr std::uint64_t kStructures = 0x2000000;
constexpr std::uint64_t kMemmapStorage = 0x4000000;
constexpr std::uint64_t kLargePage = std::uint64_t{2} << 20U;
constexpr std::uint64_t kPresentWritable = 3;
constexpr std::uint64_t kLeaf = 0x80;
constexpr std::uint64_t kMappingPointer = 0xffff888004567000ULL;
constexpr std::uint64_t kSectionFlags = 0xf;
constexpr std::uint64_t kSectionEntry = 16;

std::string hex(std::uint64_t value) { return fmt::format("{:x}", value); }

}  // namespace

ToyKernel::ToyKernel(const Options& options)
    : options_(options), era_(page_era(options.era)), next_free_(kStructures) {
  for (const Range& range : options.memory) image_.add_memory(range);
  sections_ = options.memory.back().end / (kPagesPerSection * kPage) + 1;
  load_keys();
  build_page_tables();
  build_sections();
  build_identity();
}

void ToyKernel::load_keys() {
  const auto text =
      read_file(std::string(KDUMP_SOURCE_DIR) + "/tests/data/vmcoreinfo/" + era_.sample + ".txt");
  if (!text) std::abort();
  for (const std::string_view line : split_lines(*text)) {
    const auto equals = line.find('=');
    keys_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  for (const auto& [key, value] : era_.edits) set_key(key, value);
  set_key("SIZE(page)", std::to_string(options_.struct_page_size));
  set_key("NUMBER(phys_base)", std::to_string(options_.phys_base));
  set_key("NUMBER(sme_mask)", std::to_string(options_.sme_mask));
  set_key("NUMBER(pgtable_l5_enabled)", options_.five_level ? "1" : "0");
  set_key("SYMBOL(vmemmap)", std::nullopt);
}

void ToyKernel::set_key(const std::string& key, std::optional<std::string> value) {
  const auto found = std::find_if(
      keys_.begin(), keys_.end(), [&key](const auto& row) { return row.first == key; });
  if (!value) {
    if (found != keys_.end()) keys_.erase(found);
  } else if (found != keys_.end()) {
    found->second = *value;
  } else {
    keys_.emplace_back(key, *value);
  }
}

PhysAddr ToyKernel::allocate(std::uint64_t bytes) {
  const PhysAddr start = next_free_;
  next_free_ += (bytes + kPage - 1) / kPage * kPage;
  return start;
}

VirtAddr ToyKernel::direct_map(PhysAddr address) const {
  return VirtAddr((options_.five_level ? kDirectMap5 : kDirectMap4) + address.value());
}

VirtAddr ToyKernel::kernel_image(PhysAddr address) const {
  return VirtAddr(kKernelMap + address.value() - static_cast<std::uint64_t>(options_.phys_base));
}

void ToyKernel::map(VirtAddr virt, PhysAddr phys, unsigned level) {
  PhysAddr table = top_table_;
  for (unsigned at = options_.five_level ? 5 : 4;; --at) {
    const std::uint64_t index = virt.value() >> (12 + 9 * (at - 1)) & 511U;
    const PhysAddr entry = table + index * 8;
    if (at == level) {
      const std::uint64_t leaf = level > 1 ? kLeaf : 0;
      image_.put(entry, phys.value() | options_.sme_mask | leaf | kPresentWritable);
      return;
    }
    auto next = image_.get<std::uint64_t>(entry);
    if (next == 0) {
      next = allocate(kPage).value() | options_.sme_mask | kPresentWritable;
      image_.put(entry, next);
    }
    table = PhysAddr(next & ~options_.sme_mask & 0x000ffffffffff000ULL);
  }
}

void ToyKernel::build_page_tables() {
  top_table_ = allocate(kPage);
  const std::uint64_t top = options_.memory.back().end;
  for (std::uint64_t at = 0; at < top; at += std::uint64_t{1} << 30U) {
    map(direct_map(PhysAddr(at)), PhysAddr(at), 3);
  }
  set_key("SYMBOL(init_top_pgt)", hex(kernel_image(top_table_).value()));
  set_key("SYMBOL(swapper_pg_dir)", hex(kernel_image(top_table_).value()));
}

VirtAddr ToyKernel::struct_page(std::uint64_t pfn) const {
  return VirtAddr((options_.five_level ? kMemmap5 : kMemmap4) + pfn * options_.struct_page_size);
}

PhysAddr ToyKernel::struct_page_phys(std::uint64_t pfn, std::uint64_t offset) const {
  const std::uint64_t at = pfn * options_.struct_page_size + offset;
  return memmap_pages_.at(at / kPage) + at % kPage;
}

void ToyKernel::build_sections() {
  const std::uint64_t bytes = kPagesPerSection * options_.struct_page_size;
  const std::uint64_t pages = bytes / kPage;
  const std::uint64_t base = struct_page(0).value();
  section_entries_ = allocate(std::max(kPage, sections_ * kSectionEntry));
  section_table_ = options_.classic_sparse ? section_entries_ : allocate(kPage);
  if (!options_.classic_sparse) {
    image_.put(section_table_, direct_map(section_entries_).value());
  }
  for (std::uint64_t section = 0; section < sections_; ++section) {
    const bool has_memory =
        std::any_of(options_.memory.begin(), options_.memory.end(), [section](const Range& range) {
          return range.overlaps(
              {section * kPagesPerSection * kPage, (section + 1) * kPagesPerSection * kPage});
        });
    if (!has_memory) continue;
    for (std::uint64_t i = 0; i < pages; ++i) {
      // Scattered: neighbours in the virtual memmap are none in physical memory.
      const std::uint64_t place = options_.small_memmap_pages ? pages - 1 - i : i;
      const PhysAddr phys(kMemmapStorage + section * bytes + place * kPage);
      memmap_pages_[section * pages + i] = phys;
      if (options_.small_memmap_pages || bytes % kLargePage != 0) {
        map(VirtAddr(base + section * bytes + i * kPage), phys, 1);
      } else if (i % (kLargePage / kPage) == 0) {
        map(VirtAddr(base + section * bytes + i * kPage), phys, 2);
      }
    }
    set_section_word(section, base | kSectionFlags);
  }
  set_key("SYMBOL(mem_section)", hex(direct_map(section_table_).value()));
  set_key("SIZE(mem_section)", std::to_string(kSectionEntry));
  set_key("NUMBER(SECTION_SIZE_BITS)", "27");
  set_key("NUMBER(MAX_PHYSMEM_BITS)", "46");
  // 2^19 sections, 256 in a page.
  set_key("LENGTH(mem_section)", options_.classic_sparse ? "524288" : "2048");
}

void ToyKernel::set_section_word(std::uint64_t section, std::uint64_t word) {
  image_.put(section_entries_ + section * kSectionEntry, word);
}

std::uint64_t ToyKernel::section_word(std::uint64_t section) const {
  return image_.get<std::uint64_t>(section_entries_ + section * kSectionEntry);
}

void ToyKernel::build_identity() {
  const PhysAddr name = allocate(kPage);
  const auto release = std::find_if(
      keys_.begin(), keys_.end(), [](const auto& row) { return row.first == "OSRELEASE"; });
  const std::vector<std::string> fields = {
      "Linux", "toyhost", release->second, "#1 SMP toy", "x86_64", "(none)"};
  const auto offset = std::find_if(keys_.begin(),
                                   keys_.end(),
                                   [](const auto& row) {
                                     return row.first == "OFFSET(uts_namespace.name)";
                                   }) != keys_.end()
                          ? std::uint64_t{0}
                          : std::uint64_t{4};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    image_.write(name + offset + i * 65, as_bytes(fields[i]));
  }
  set_key("SYMBOL(init_uts_ns)", hex(kernel_image(name).value()));
}

void ToyKernel::set_flags(std::uint64_t pfn, std::uint64_t mask) {
  put64(pfn, kFlags, image_.get<std::uint64_t>(struct_page_phys(pfn, kFlags)) | mask);
}

// Members can lie across two pages of the memmap, so they are written byte by byte.
void ToyKernel::put8(std::uint64_t pfn, unsigned offset, std::uint8_t value) {
  image_.put(struct_page_phys(pfn, offset), value);
}

void ToyKernel::put32(std::uint64_t pfn, unsigned offset, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) put8(pfn, offset + i, static_cast<std::uint8_t>(value >> 8 * i));
}

void ToyKernel::put64(std::uint64_t pfn, unsigned offset, std::uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) put8(pfn, offset + i, static_cast<std::uint8_t>(value >> 8 * i));
}

std::uint64_t ToyKernel::tail_word(std::uint64_t head, unsigned order) const {
  if (era_.tail == PageEra::Tail::kHeadAddress) return struct_page(head).value() + 1;
  return (~std::uint64_t{0} << (order + 6)) | 1U;
}

void ToyKernel::make_compound(std::uint64_t pfn, unsigned order) {
  if (order == 0) return;
  set_flags(pfn, std::uint64_t{1} << era_.head);
  for (std::uint64_t tail = pfn + 1; tail < pfn + (std::uint64_t{1} << order); ++tail) {
    put64(tail, kCompoundHead, tail_word(pfn, order));
  }
  if (era_.order == PageEra::Order::kByteOfSecond) {
    put8(pfn + 1, era_.order_offset, static_cast<std::uint8_t>(order));
  } else {
    put8(pfn + 1, kFlags, static_cast<std::uint8_t>(order));
  }
}

void ToyKernel::make_free(std::uint64_t pfn, unsigned order) {
  put32(pfn, kMapcount, era_.buddy);
  put64(pfn, kPrivate, order);
  free_pages_ += std::uint64_t{1} << order;
}

void ToyKernel::make_unaccepted(std::uint64_t pfn) {
  put32(pfn, kMapcount, era_.unaccepted.value());
  free_pages_ += 1024;
}

void ToyKernel::make_cache(std::uint64_t pfn, unsigned order) {
  make_compound(pfn, order);
  set_flags(pfn, std::uint64_t{1} << era_.lru);
  put64(pfn, kMapping, kMappingPointer);
  put32(pfn, kMapcount, 0xffffffffU);
}

void ToyKernel::make_cache_private(std::uint64_t pfn, unsigned order) {
  make_cache(pfn, order);
  set_flags(pfn, std::uint64_t{1} << era_.private_bit);
}

void ToyKernel::make_anonymous(std::uint64_t pfn, unsigned order) {
  make_compound(pfn, order);
  set_flags(pfn, (std::uint64_t{1} << era_.lru) | (std::uint64_t{1} << era_.swap_backed));
  put64(pfn, kMapping, kMappingPointer | 1U);
  put32(pfn, kMapcount, 0);
}

void ToyKernel::make_swap_cache(std::uint64_t pfn) {
  set_flags(pfn, (std::uint64_t{1} << era_.swap_cache) | (std::uint64_t{1} << era_.swap_backed));
  put64(pfn, kMapping, kMappingPointer);
  put32(pfn, kMapcount, 0xffffffffU);
}

void ToyKernel::make_hugetlb(std::uint64_t pfn, unsigned order) {
  make_compound(pfn, order);
  put64(pfn, kMapping, kMappingPointer);
  put32(pfn, kMapcount, 0xffffffffU);
  switch (era_.hugetlb) {
    case PageEra::Hugetlb::kDestructor:
      put8(pfn + 1, era_.hugetlb_detail, era_.destructor);
      break;
    case PageEra::Hugetlb::kFlagOfSecond:
      set_flags(pfn + 1, std::uint64_t{1} << era_.hugetlb_detail);
      break;
    case PageEra::Hugetlb::kPageType:
      put32(pfn, kMapcount, era_.hugetlb_type.value());
      break;
  }
}

void ToyKernel::make_slab(std::uint64_t pfn, unsigned order) {
  make_compound(pfn, order);
  if (era_.slab_bit) set_flags(pfn, std::uint64_t{1} << *era_.slab_bit);
  // Slabs keep their own data where other pages have mapping and _mapcount: here, what would look
  // like an anonymous page, and without the slab mark like a free one.
  put64(pfn, kMapping, kMappingPointer | 1U);
  put32(pfn, kMapcount, era_.slab_type ? *era_.slab_type : era_.buddy);
}

void ToyKernel::make_offline(std::uint64_t pfn) { put32(pfn, kMapcount, era_.offline); }

void ToyKernel::poison(std::uint64_t pfn) {
  set_flags(pfn, std::uint64_t{1} << era_.hw_poison.value());
}

void ToyKernel::optimize_memmap(std::uint64_t pfn, unsigned order) {
  const std::uint64_t first = pfn * options_.struct_page_size / kPage;
  const std::uint64_t pages = (options_.struct_page_size << order) / kPage;
  for (std::uint64_t i = 1; i < pages; ++i) {
    memmap_pages_[first + i] = memmap_pages_[first];
    map(VirtAddr(struct_page(pfn).value() + i * kPage), memmap_pages_[first], 1);
  }
}

void ToyKernel::write_counters() {
  const auto key = [this](std::string_view name) {
    for (const auto& [found, value] : keys_) {
      if (found == name) return parse_unsigned(value).value_or(0);
    }
    return std::uint64_t{0};
  };
  node_ = allocate(key("SIZE(pglist_data)"));
  image_.put(node_ + key("OFFSET(pglist_data.nr_zones)"), std::uint32_t{2});
  const PhysAddr second_zone = node_ + key("OFFSET(pglist_data.node_zones)") + key("SIZE(zone)");
  image_.put(second_zone + key("OFFSET(zone.vm_stat)"), counted_free_.value_or(free_pages_));
  const PhysAddr table = allocate(kPage * 2);
  image_.put(table, direct_map(node_).value());
  set_key("SYMBOL(node_data)", hex(kernel_image(table).value()));
  set_key("LENGTH(node_data)", "1024");
  set_key("NUMBER(NR_FREE_PAGES)", "0");
}

std::string ToyKernel::vmcoreinfo() const {
  std::string text;
  for (const auto& [key, value] : keys_) text += fmt::format("{}={}\n", key, value);
  return text;
}

FakeMemoryImage& ToyKernel::finish() {
  write_counters();
  for (unsigned i = 0; i < options_.cpus; ++i) image_.add_note("CORE", 1, std::string(336, 'r'));
  image_.add_note("VMCOREINFO", 0, vmcoreinfo());
  return image_;
}

}  // namespace kdump::capture::test
