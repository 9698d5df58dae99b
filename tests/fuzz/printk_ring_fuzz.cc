// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's message buffer with anything changed in it: the ring of 5.10 and later in a toy
// kernel, or the record buffer before it in memory full of anything.
#include "capture/kernel/kernel_log.h"
#include "capture/kernel/kernel_memory.h"
#include "tests/fuzz/fuzzed_images.h"
#include "tests/support/vmcore/toy_printk_ring.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <elf.h>

namespace kdump::capture::fuzz {
namespace {

struct Kernel {
  test::ToyKernel toy;
  std::array<Range, 1> regions;
  std::string text;

  Kernel() {
    test::ToyPrintkRing ring(toy, 4, 9);
    for (unsigned i = 0; i < 24; ++i) ring.add(1000U * i, std::string(i, 'x'));
    toy.finish();
    // The ring, its descriptors, records and texts lie one behind the other.
    regions = {{{ring.ring().value(), ring.data().value() + 512}}};
    text = toy.vmcoreinfo();
  }
};

void read(const MemoryImage& image, const Vmcoreinfo& info) {
  auto space = make_address_space(image, info);
  if (!space) return;
  const KernelMemory memory(image, *std::move(space));
  static_cast<void>(read_kernel_log(info, memory, [](std::string_view text) -> Status {
    if (text.empty() || text.back() != '\n') __builtin_trap();
    return {};
  }));
}

void read_ring(FuzzInput& input) {
  static Kernel kernel;
  EditedImage image(kernel.toy.memory());
  const Vmcoreinfo info(apply_edits(input, kernel.regions, kernel.text, image));
  read(image, info);
}

/// All of the kernel's image shows the same bytes.
void read_record_buffer(FuzzInput& input) {
  std::string text = "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=ffffffff80001000\n";
  for (const char* name : {"log_buf", "log_buf_len", "log_first_idx", "log_next_idx"}) {
    text +=
        fmt::format("SYMBOL({})={:x}\n", name, 0xffffffff80000000ULL + input.take<std::uint8_t>());
  }
  text += fmt::format("SIZE(printk_log)={}\n", input.take<std::uint8_t>());
  for (const char* name : {"ts_nsec", "len", "text_len"}) {
    text += fmt::format("OFFSET(printk_log.{})={}\n", name, input.take<std::uint8_t>());
  }
  const RepeatedImage image(EM_X86_64, input.take_rest());
  read(image, Vmcoreinfo(text));
}

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  fuzz::FuzzInput input(data, size);
  if (input.take<std::uint8_t>() % 4 == 0) {
    fuzz::read_record_buffer(input);
  } else {
    fuzz::read_ring(input);
  }
  return 0;
}
