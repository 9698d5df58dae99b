// SPDX-License-Identifier: GPL-2.0-or-later
// A toy kernel's memmap, section table, page tables and VMCOREINFO, with anything changed in them:
// every page gets a verdict, and none that does not exist is counted.
#include "capture/filter/page_bitmap.h"
#include "capture/filter/page_selection.h"
#include "capture/kernel/memmap_source.h"
#include "capture/kernel/utsname.h"
#include "tests/fuzz/fuzzed_images.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <array>
#include <atomic>
#include <cstdint>

namespace kdump::capture::fuzz {
namespace {

// Kernel structures, and the struct pages of the memory from 144 MiB on.
constexpr std::array<Range, 2> kRegions = {{{0x2000000, 0x2040000}, {0x4240000, 0x4280000}}};

struct Kernel {
  std::unique_ptr<test::ToyKernel> toy;
  std::string text;
};

Kernel build(const char* era) {
  test::ToyKernel::Options options;
  options.era = era;
  options.memory = {{0x2000000, 0x4800000}, {0x9000000, 0xa000000}};
  auto toy = std::make_unique<test::ToyKernel>(options);
  toy->make_free(0x9000, 10);
  toy->make_anonymous(0x9400, 9);
  toy->make_cache(0x9600, 2);
  toy->make_hugetlb(0x9800, 9);
  toy->make_slab(0x9a00, 3);
  toy->make_offline(0x9a10);
  toy->finish();
  std::string text = toy->vmcoreinfo();
  return {std::move(toy), std::move(text)};
}

class MemoryStore final : public BlockStore {
 public:
  Status store(std::uint64_t /*block*/, const BlockBits& /*bits*/) override { return {}; }
  Result<BlockBits> load(std::uint64_t /*block*/) const override { return BlockBits(); }
};

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static const std::array<fuzz::Kernel, 4> kernels = {
      fuzz::build("4.18"), fuzz::build("6.1"), fuzz::build("6.12"), fuzz::build("7.2")};
  fuzz::FuzzInput input(data, size);
  const fuzz::Kernel& kernel = kernels[input.take<std::uint8_t>() % kernels.size()];
  const DumpLevel level(input.take<std::uint8_t>());
  fuzz::EditedImage image(kernel.toy->memory());
  const Vmcoreinfo info(fuzz::apply_edits(input, fuzz::kRegions, kernel.text, image));
  const kdump::PageShift shift = info.page_shift().value_or(kdump::PageShift{});
  const std::vector<kdump::Range> pages = touched_pages(image.ranges(), shift);
  const auto source = MemMapSource::find(image, info, shift, pages);
  if (!source) return 0;
  fuzz::MemoryStore store;
  PageBitmap bitmap(pages, store);
  std::atomic<std::uint64_t> done{0};
  const auto counts = select_pages(*source, level, 1, bitmap, done);
  if (!counts) __builtin_trap();
  if (counts->excluded_pages() + bitmap.dumped_pages() != bitmap.existing_pages()) __builtin_trap();
  return 0;
}
