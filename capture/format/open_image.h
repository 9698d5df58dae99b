// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/memory_image.h"

#include <memory>
#include <string>

namespace kdump::capture {

/// Opens what is left of a crashed machine, in whatever form: /proc/vmcore, an ELF vmcore or a
/// kdump-compressed dump, each of them flattened or not. Errors name `path`; kBadData: none of
/// these, or damaged. `access` is for those that can be mapped.
Result<std::unique_ptr<MemoryImage>> open_image(
    const std::string& path, ElfImage::Access access = ElfImage::Access::kChoose);

}  // namespace kdump::capture
