// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_kernel.h"

#include "base/io.h"
#include "base/text.h"
#include "tests/support/source_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace kdump::capture::test {
namespace {

// Kernel structures from here on, struct pages from 64 MiB on; tests put their pages elsewhere.
constexpr std::uint64_t kStructures = 0x2000000;
constexpr std::uint64_t kMemmapStorage = 0x4000000;
constexpr std::uint64_t kMappingPointer = 0xffff888004567000ULL;
constexpr std::uint64_t kSectionFlags = 0xf;
constexpr std::uint64_t kSectionEntry = 16;

std::string hex(std::uint64_t value) { return fmt::format("{:x}", value); }

}  // namespace

ToyKernel::ToyKernel(const Options& options)
    : options_(options),
      machine_(options.arm64
                   ? arm64_machine(*options.arm64)
                   : x86_64_machine(options.five_level, options.phys_base, options.sme_mask)),
      era_(page_era(options.era)),
      next_free_(machine_.physical_base + kStructures) {
  image_.set_machine(machine_.elf_machine);
  for (const Range& range : options.memory) {
    image_.add_memory({machine_.physical_base + range.start, machine_.physical_base + range.end});
  }
  load_keys();
  build_page_tables();
  build_sections();
  build_identity();
}

void ToyKernel::load_keys() {
  const auto text =
      read_file(kdump::test::source_path("tests/data/vmcoreinfo/" + era_.sample + ".txt"));
  if (!text) std::abort();
  for (const std::string_view line : split_lines(*text)) {
    const auto equals = line.find('=');
    keys_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  for (const auto& [key, value] : era_.edits) set_key(key, value);
  set_key("SIZE(page)", std::to_string(options_.struct_page_size));
  for (const char* const key : {"phys_base", "sme_mask", "pgtable_l5_enabled"}) {
    set_key(fmt::format("NUMBER({})", key), std::nullopt);
  }
  for (const auto& [key, value] : machine_.keys) set_key(key, value);
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
  next_free_ += align_up(bytes, machine_.page_size());
  return start;
}

VirtAddr ToyKernel::direct_map(PhysAddr address) const {
  return VirtAddr(machine_.direct_map + address.value() - machine_.physical_base);
}

VirtAddr ToyKernel::kernel_image(PhysAddr address) const {
  return VirtAddr(machine_.image_offset + address.value());
}

void ToyKernel::map(VirtAddr virt, PhysAddr phys, unsigned level) {
  image_.put(entry_place(virt, level), machine_.entry(phys.value(), level, true));
}

PhysAddr ToyKernel::entry_place(VirtAddr virt, unsigned level) {
  return page_table_entry(machine_, image_, top_table_, virt, level, [this](std::uint64_t bytes) {
    return allocate(bytes);
  });
}

void ToyKernel::build_page_tables() {
  top_table_ = allocate(machine_.page_size());
  const PhysAddr base(machine_.physical_base);
  const std::uint64_t step = machine_.leaf_size(machine_.direct_map_level);
  for (std::uint64_t at = 0; at < options_.memory.back().end; at += step) {
    map(direct_map(base + at), base + at, machine_.direct_map_level);
  }
  for (std::uint64_t at = kStructures; machine_.image_in_tables && at < kMemmapStorage;
       at += machine_.page_size()) {
    map(kernel_image(base + at), base + at, 1);
  }
  if (!options_.arm64) {
    set_key("SYMBOL(init_top_pgt)", hex(kernel_image(top_table_).value()));
  }
  set_key("SYMBOL(swapper_pg_dir)", hex(kernel_image(top_table_).value()));
}

VirtAddr ToyKernel::struct_page(std::uint64_t pfn) const {
  return VirtAddr(machine_.memmap + (pfn - this->pfn(0)) * options_.struct_page_size);
}

PhysAddr ToyKernel::struct_page_phys(std::uint64_t pfn, std::uint64_t offset) const {
  const std::uint64_t at = (pfn - this->pfn(0)) * options_.struct_page_size + offset;
  return memmap_pages_.at(at / machine_.page_size()) + at % machine_.page_size();
}

void ToyKernel::build_sections() {
  const std::uint64_t section_size = std::uint64_t{1} << machine_.section_bits;
  const std::uint64_t bytes = pages_per_section() * options_.struct_page_size;
  const std::uint64_t pages = bytes / machine_.page_size();
  const std::uint64_t large = machine_.leaf_size(2);
  const std::uint64_t all_sections = std::uint64_t{1}
                                     << (machine_.physical_bits - machine_.section_bits);
  const std::uint64_t roots = all_sections / (machine_.page_size() / kSectionEntry);
  const std::uint64_t first = machine_.physical_base / section_size;
  section_table_ = allocate(options_.classic_sparse
                                ? (options_.memory.back().end / section_size + 1) * kSectionEntry
                                : std::max<std::uint64_t>(roots, 1) * 8);
  for (std::uint64_t nr = 0; nr <= options_.memory.back().end / section_size; ++nr) {
    const Range section{nr * section_size, (nr + 1) * section_size};
    const bool has_memory =
        std::any_of(options_.memory.begin(), options_.memory.end(), [&section](const Range& range) {
          return range.overlaps(section);
        });
    if (!has_memory) continue;
    const VirtAddr start(machine_.memmap + nr * bytes);
    for (std::uint64_t i = 0; i < pages; ++i) {
      // Scattered: neighbours in the virtual memmap are none in physical memory.
      const std::uint64_t place = options_.small_memmap_pages ? pages - 1 - i : i;
      const PhysAddr phys(machine_.physical_base + kMemmapStorage + nr * bytes +
                          place * machine_.page_size());
      memmap_pages_[nr * pages + i] = phys;
      if (options_.small_memmap_pages || bytes % large != 0) {
        map(start + i * machine_.page_size(), phys, 1);
      } else if (i % (large / machine_.page_size()) == 0) {
        map(start + i * machine_.page_size(), phys, 2);
      }
    }
    set_section_word(first + nr, struct_page(0).value() | kSectionFlags);
  }
  set_key("SYMBOL(mem_section)", hex(direct_map(section_table_).value()));
  set_key("SIZE(mem_section)", std::to_string(kSectionEntry));
  set_key("NUMBER(SECTION_SIZE_BITS)", std::to_string(machine_.section_bits));
  set_key("NUMBER(MAX_PHYSMEM_BITS)", std::to_string(machine_.physical_bits));
  set_key(
      "LENGTH(mem_section)",
      std::to_string(options_.classic_sparse ? all_sections : std::max<std::uint64_t>(roots, 1)));
}

PhysAddr ToyKernel::section_entry(std::uint64_t section) {
  if (options_.classic_sparse) return section_table_ + section * kSectionEntry;
  const std::uint64_t per_root = machine_.page_size() / kSectionEntry;
  const PhysAddr root = section_table_ + section / per_root * 8;
  auto page = image_.get<std::uint64_t>(root);
  if (page == 0) {
    page = direct_map(allocate(machine_.page_size())).value();
    image_.put(root, page);
  }
  return PhysAddr(page - machine_.direct_map + machine_.physical_base) +
         section % per_root * kSectionEntry;
}

void ToyKernel::set_section_word(std::uint64_t section, std::uint64_t word) {
  image_.put(section_entry(section), word);
}

std::uint64_t ToyKernel::section_word(std::uint64_t section) {
  return image_.get<std::uint64_t>(section_entry(section));
}

void ToyKernel::build_identity() {
  const PhysAddr name = allocate(kPage);
  const auto release = std::find_if(
      keys_.begin(), keys_.end(), [](const auto& row) { return row.first == "OSRELEASE"; });
  const std::vector<std::string> fields = {"Linux",
                                           "toyhost",
                                           release->second,
                                           "#1 SMP toy",
                                           options_.arm64 ? "aarch64" : "x86_64",
                                           "(none)"};
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
  const std::uint64_t page = machine_.page_size();
  const std::uint64_t first = (pfn - this->pfn(0)) * options_.struct_page_size / page;
  const std::uint64_t pages = (options_.struct_page_size << order) / page;
  for (std::uint64_t i = 1; i < pages; ++i) {
    memmap_pages_[first + i] = memmap_pages_[first];
    map(VirtAddr(struct_page(pfn).value() + i * page), memmap_pages_[first], 1);
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
