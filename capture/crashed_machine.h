// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/kernel/utsname.h"
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <memory>
#include <string>
#include <vector>

namespace kdump::capture {

/// A vmcore and what its kernel says about itself, as far as that can be made out.
struct CrashedMachine {
  std::unique_ptr<MemoryImage> image;
  NoteSummary notes;
  Vmcoreinfo info;  ///< empty without a VMCOREINFO note
  PageShift shift;
  Identity identity = Identity::kUnknown;
  Utsname utsname;
};

/// `debug_info`: VMCOREINFO text from elsewhere for what the vmcore's own lacks; kMismatch when it
/// is another kernel's. All other errors are those of the file and its headers; for all else
/// there is a warning and a substitute.
Result<CrashedMachine> open_machine(const std::string& path,
                                    ElfImage::Access access,
                                    const std::string& debug_info,
                                    std::vector<std::string>& warnings);

}  // namespace kdump::capture
