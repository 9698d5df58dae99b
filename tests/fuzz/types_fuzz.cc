// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's symbol table (kallsyms) and type information (BTF), with anything changed in them.
#include "capture/kernel/types/complete.h"
#include "tests/fuzz/fuzzed_images.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_types.h"

#include <array>
#include <cstdint>

namespace kdump::capture::fuzz {
namespace {

struct Kernel {
  Kernel() {
    const PhysAddr start = toy.allocate(1);
    const VirtAddr text_start = *Vmcoreinfo(toy.vmcoreinfo()).symbol("_stext");
    const VirtAddr types = test::place_bytes(toy, test::toy_btf());
    test::add_kallsyms(toy, {{"_stext", text_start}, {"__start_BTF", types}, {"prb", text_start}});
    // The kernel cannot do without these: types are looked for.
    toy.set_key("SIZE(page)", std::nullopt);
    toy.set_key("OFFSET(page.lru)", std::nullopt);
    toy.finish();
    text = toy.vmcoreinfo();
    regions = {{{start.value(), toy.allocate(1).value()}}};
  }
  test::ToyKernel toy;
  std::string text;
  std::array<Range, 1> regions;
};

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static fuzz::Kernel kernel;
  fuzz::FuzzInput input(data, size);
  fuzz::EditedImage image(kernel.toy.memory());
  const Vmcoreinfo info(fuzz::apply_edits(input, kernel.regions, kernel.text, image));
  auto space = make_address_space(image, info);
  if (!space) return 0;
  const KernelMemory memory(image, *std::move(space));
  const auto completed = complete_vmcoreinfo(info, memory);
  // The dump's own keys stay.
  if (completed.info.text("OSRELEASE") != info.text("OSRELEASE")) __builtin_trap();
  return 0;
}
