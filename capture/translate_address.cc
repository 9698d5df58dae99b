// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/translate_address.h"

#include "capture/crashed_machine.h"
#include "capture/kernel/address_space.h"

#include <limits>

namespace kdump::capture {

Result<TranslatedAddress> translate_address(const CaptureOptions& options, VirtAddr address) {
  // The capture that follows warns of the same things.
  std::vector<std::string> warnings;
  const CrashedMachine machine =
      TRY(open_machine(options.input, ElfImage::Access::kRead, options.debug_info, warnings));
  const auto space = make_address_space(*machine.image, machine.info);
  if (!space) return TranslatedAddress{std::nullopt, space.error().message};
  const auto found = (*space)->translate(address);
  if (!found) return TranslatedAddress{std::nullopt, found.error().message};
  return TranslatedAddress{found->phys, {}};
}

std::string translation_text(VirtAddr address, const TranslatedAddress& translated) {
  const std::uint64_t phys =
      translated.phys ? translated.phys->value() : std::numeric_limits<std::uint64_t>::max();
  return fmt::format(
      "Translating virtual address {:x} to physical address.\n"
      "VIRTUAL           PHYSICAL\n"
      "{:16x}  {:x}\n\n",
      address.value(),
      address.value(),
      phys);
}

}  // namespace kdump::capture
