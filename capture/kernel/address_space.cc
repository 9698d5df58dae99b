// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/address_space.h"

#include "capture/kernel/arch/arm64.h"
#include "capture/kernel/arch/x86_64.h"

#include <elf.h>

namespace kdump::capture {

Result<std::unique_ptr<AddressSpace>> make_address_space(const MemoryImage& image,
                                                         const Vmcoreinfo& info) {
  switch (image.machine()) {
    case EM_X86_64:
      return make_x86_64_address_space(image, info);
    case EM_AARCH64:
      return make_arm64_address_space(image, info);
    default:
      return make_error(
          ErrorKind::kUnsupported, "no address translation for ELF machine {}", image.machine());
  }
}

}  // namespace kdump::capture
