// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"

#include <cstdint>
#include <vector>

namespace kdump::capture {

/// Where everything but the page data lies in a kdump-compressed file. It depends on the memory and
/// the notes of the image only, so that headers and bitmaps can be written before and while pages
/// are selected.
struct DumpGeometry {
  PageShift shift;
  std::uint64_t max_mapnr = 0;          ///< page frame number behind the last page
  std::uint64_t sub_header_blocks = 0;  ///< sub-header and notes
  std::uint64_t note_offset = 0;        ///< bytes, as all that follows
  std::uint64_t note_size = 0;
  std::uint64_t bitmap_blocks = 0;  ///< both bitmaps
  std::uint64_t bitmap1_offset = 0;
  std::uint64_t bitmap2_offset = 0;
  std::uint64_t descriptors_offset = 0;
};

/// kUnsupported: more pages, or larger notes, than the format has room for.
Result<DumpGeometry> plan_geometry(PageShift shift,
                                   const std::vector<Range>& pages,
                                   std::uint64_t note_size);

/// The geometry and the number of pages: all sizes and offsets, frozen before the first page is
/// copied.
struct DumpPlan {
  DumpGeometry geometry;
  std::uint64_t pages = 0;
  /// One page of zeros that all pages filled with zero share.
  std::uint64_t zero_page_offset = 0;
  /// Page data begins here.
  std::uint64_t data_offset = 0;

  [[nodiscard]] std::uint64_t descriptor_offset(std::uint64_t rank) const;
};

DumpPlan plan_dump(const DumpGeometry& geometry, std::uint64_t pages);

}  // namespace kdump::capture
