// SPDX-License-Identifier: GPL-2.0-or-later
// Page tables of x86_64 and arm64 full of anything, with any parameters.
#include "capture/kernel/address_space.h"
#include "capture/vmcore/vmcoreinfo.h"
#include "tests/fuzz/fuzzed_images.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <elf.h>

namespace kdump::capture::fuzz {
namespace {

std::string x86_64_text(FuzzInput& input) {
  const auto flags = input.take<std::uint8_t>();
  return fmt::format(
      "NUMBER(phys_base)={}\nSYMBOL(init_top_pgt)={:x}\nNUMBER(pgtable_l5_enabled)={}\n"
      "NUMBER(sme_mask)={}\nNUMBER(KERNEL_IMAGE_SIZE)={}\n",
      static_cast<std::int64_t>(input.take<std::int32_t>()),
      0xffffffff80000000ULL + input.take<std::uint32_t>(),
      flags & 1U,
      (flags & 2U) != 0 ? std::uint64_t{1} << (flags >> 2U) : 0,
      input.take<std::uint32_t>());
}

std::string arm64_text(FuzzInput& input) {
  constexpr std::array<unsigned, 4> kPageSizes = {4096, 16384, 65536, 32768};
  const auto flags = input.take<std::uint8_t>();
  return fmt::format(
      "PAGESIZE={}\nNUMBER(VA_BITS)={}\nNUMBER(TCR_EL1_T1SZ)=0x{:x}\nNUMBER(kimage_voffset)=0x{:x}"
      "\n"
      "NUMBER(PHYS_OFFSET)=0x{:x}\nSYMBOL(swapper_pg_dir)={:x}\nSYMBOL(_stext)={:x}\n"
      "NUMBER(MAX_PHYSMEM_BITS)={}\n",
      kPageSizes[flags % kPageSizes.size()],
      input.take<std::uint8_t>(),
      input.take<std::uint8_t>(),
      input.take<std::uint64_t>(),
      input.take<std::uint32_t>(),
      input.take<std::uint64_t>(),
      input.take<std::uint64_t>(),
      (flags & 4U) != 0 ? 52 : 48);
}

}  // namespace
}  // namespace kdump::capture::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  fuzz::FuzzInput input(data, size);
  const bool arm = (input.take<std::uint8_t>() & 1U) != 0;
  const Vmcoreinfo info(arm ? fuzz::arm64_text(input) : fuzz::x86_64_text(input));
  std::array<std::uint64_t, 8> addresses{};
  for (std::uint64_t& address : addresses) address = input.take<std::uint64_t>();
  const fuzz::RepeatedImage image(arm ? EM_AARCH64 : EM_X86_64, input.take_rest());
  const auto space = make_address_space(image, info);
  if (!space) return 0;
  for (const std::uint64_t address : addresses) {
    const auto found = (*space)->translate(kdump::VirtAddr(address));
    // A leaf has at least the rest of a page.
    if (found && found->size == 0) __builtin_trap();
  }
  return 0;
}
