// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace kdump::capture {

/// Where a kernel virtual address lies in physical memory, and how many bytes from there on are
/// sure to follow (to the end of the page table leaf).
struct Translation {
  PhysAddr phys;
  std::uint64_t size = 0;
};

/// The kernel half of the crashed kernel's address space. Each thread has its own, because an
/// address space caches the page tables it walked.
class AddressSpace {
 public:
  virtual ~AddressSpace() = default;

  /// kNotFound: nothing is mapped there. kUnreadable: a page table on the way is not in the image.
  /// kBadData: not a kernel address.
  virtual Result<Translation> translate(VirtAddr address) = 0;

  /// The same by page tables alone, also where the kernel's image is known to lie in one piece.
  virtual Result<Translation> walk(VirtAddr address) { return translate(address); }

  /// The root of the kernel's page tables, and those tables of the next level that map the kernel's
  /// half of the address space.
  [[nodiscard]] virtual std::vector<PhysAddr> top_tables() { return {}; }
};

/// The address space of `image`'s architecture. kUnsupported: an architecture without an
/// implementation; kNotFound: VMCOREINFO lacks what the walk starts from (the message names it).
Result<std::unique_ptr<AddressSpace>> make_address_space(const MemoryImage& image,
                                                         const Vmcoreinfo& info);

}  // namespace kdump::capture
