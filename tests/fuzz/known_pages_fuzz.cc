// SPDX-License-Identifier: GPL-2.0-or-later
// What tells about pages by other means than their struct pages: the kernel's sections, tables,
// tasks and per-CPU areas, and the free pages on processors' lists, with anything changed in them.
#include "capture/filter/page_bitmap.h"
#include "capture/kernel/known_pages.h"
#include "capture/kernel/memmap_source.h"
#include "capture/kernel/per_cpu_lists.h"
#include "tests/fuzz/fuzzed_images.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_per_cpu_lists.h"
#include "tests/support/vmcore/toy_tasks.h"

#include <array>
#include <cstdint>

namespace kdump::capture::fuzz {
namespace {

struct Kernel {
  Kernel() {
    const PhysAddr start = toy.allocate(1);
    toy.finish();
    test::ToyPerCpuLists(toy).fill();
    test::ToyTasks(toy).add();
    toy.set_key("SYMBOL(__per_cpu_start)", "0");
    toy.set_key("SYMBOL(__per_cpu_end)", "2800");
    text = toy.vmcoreinfo();
    regions = {{{start.value(), toy.allocate(1).value()},
                {0x9200000, 0x9211000},
                {toy.struct_page_phys(0x9100).value(), toy.struct_page_phys(0x9600).value()}}};
  }
  test::ToyKernel toy;
  std::string text;
  std::array<Range, 3> regions;
};

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static fuzz::Kernel kernel;
  fuzz::FuzzInput input(data, size);
  fuzz::EditedImage image(kernel.toy.memory());
  const Vmcoreinfo info(fuzz::apply_edits(input, kernel.regions, kernel.text, image));
  const kdump::PageShift shift = info.page_shift().value_or(kdump::PageShift{});
  auto space = make_address_space(image, info);
  if (!space) return 0;
  const KernelMemory memory(image, *std::move(space));
  static_cast<void>(find_known_pages(info, memory, shift));
  const auto source = MemMapSource::find(image, info, shift, touched_pages(image.ranges(), shift));
  if (!source) return 0;
  const auto found = find_per_cpu_free(image, info, shift, source->layout(), source->sparse(), 1);
  if (!found) __builtin_trap();
  for (const kdump::Range& range : found->ranges()) {
    if (!image.ranges().contains(range.start << shift.bits)) __builtin_trap();
  }
  return 0;
}
