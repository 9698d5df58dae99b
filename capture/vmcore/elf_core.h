// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace kdump::capture {

/// A run of physical memory in a vmcore file.
struct MemorySegment {
  PhysAddr start;
  std::uint64_t size = 0;  ///< bytes in the file (p_filesz)
  FileOffset offset;
  VirtAddr virt;  ///< p_vaddr: direct map or kernel image; some kernels write nonsense here
};

/// Bit of e_flags, makedumpfile's and crash's: the writer of the file has not come to its end.
inline constexpr std::uint32_t kDumpElfIncomplete = 1;

struct NoteSegment {
  FileOffset offset;
  std::uint64_t size = 0;
};

/// The program headers of an ELF vmcore, as elf(5) and Documentation/admin-guide/kdump describe it.
struct ElfCore {
  std::uint16_t machine = 0;          ///< e_machine
  bool incomplete = false;            ///< kDumpElfIncomplete
  std::vector<MemorySegment> memory;  ///< every PT_LOAD with bytes, in file order; may overlap
  std::vector<NoteSegment> notes;     ///< every PT_NOTE with bytes
};

/// Reads exactly `into.size()` bytes of the file at an offset.
using FileReader = std::function<Status(std::uint64_t offset, std::span<std::byte> into)>;

/// Parses the headers of a 64-bit little-endian ELF core file; more than 65534 program headers
/// (PN_XNUM) included. kBadData or kUnsupported: this is no vmcore that can be read. Segments whose
/// addresses or offsets overflow are kBadData; whether their bytes exist is not checked here.
Result<ElfCore> parse_elf_core(const FileReader& read);

}  // namespace kdump::capture
