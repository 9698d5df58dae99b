// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/vmcore/dump_file.h"
#include "capture/vmcore/utsname.h"

#include <cstdint>

namespace kdump::capture {

/// What the headers of a kdump-compressed file (capture/format/kdump_format.h) say, in bytes and
/// pages, checked: everything that is located here lies inside the file. Versions 1 to 6; what a
/// version does not have is 0.
struct KdumpHeaders {
  struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  std::int32_t version = 0;
  Utsname utsname;
  std::int64_t tv_sec = 0;
  std::int64_t tv_usec = 0;
  std::uint32_t status = 0;
  PageShift shift;
  std::int32_t nr_cpus = 0;
  std::uint64_t phys_base = 0;
  std::uint32_t dump_level = 0;
  std::uint64_t max_mapnr = 0;
  Extent notes;
  Extent vmcoreinfo;  ///< the text
  Extent eraseinfo;
  bool split = false;           ///< one part of several: descriptors of [start_pfn, end_pfn) only
  std::uint64_t start_pfn = 0;  ///< when split
  std::uint64_t end_pfn = 0;
  std::uint64_t bitmap_size = 0;     ///< bytes of each bitmap that hold bits, padding left out
  std::uint64_t bitmap1_offset = 0;  ///< pages that exist
  std::uint64_t bitmap2_offset = 0;  ///< pages in the dump; the same where the file has only one
  std::uint64_t descriptors_offset = 0;

  [[nodiscard]] std::uint16_t machine() const;  ///< e_machine of utsname.machine, else EM_NONE
  [[nodiscard]] bool incomplete() const;
};

/// Whether a file begins as a kdump-compressed one does, of whatever version and byte order.
[[nodiscard]] bool is_kdump_file(const DumpFile& file);

/// kBadData: this is no such file, or what its headers say cannot be. kUnsupported: a 32-bit or
/// big-endian one, or of a version that is not known.
Result<KdumpHeaders> read_kdump_headers(const DumpFile& file);

}  // namespace kdump::capture
