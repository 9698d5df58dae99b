// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/dump_plan.h"

#include "base/checked_math.h"
#include "capture/format/kdump_format.h"

#include <limits>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kBitsPerByte = 8;
// bitmap_blocks is a 32-bit field.
constexpr std::uint64_t kMaxBitmapBlocks = std::numeric_limits<std::uint32_t>::max();

std::uint64_t blocks_for(std::uint64_t bytes, PageShift shift) {
  return (bytes + shift.page_size() - 1) >> shift.bits;
}

}  // namespace

Result<DumpGeometry> plan_geometry(PageShift shift,
                                   const std::vector<Range>& pages,
                                   std::uint64_t note_size) {
  DumpGeometry geometry;
  geometry.shift = shift;
  geometry.max_mapnr = pages.empty() ? 0 : pages.back().end;
  geometry.note_size = note_size;
  geometry.note_offset = shift.page_size() + sizeof(KdumpSubHeader);
  const auto sub_header = checked_add(note_size, std::uint64_t{sizeof(KdumpSubHeader)});
  if (!sub_header ||
      blocks_for(*sub_header, shift) > std::uint64_t{std::numeric_limits<std::int32_t>::max()}) {
    return make_error(ErrorKind::kUnsupported,
                      "{} bytes of notes do not fit into a kdump-compressed file",
                      note_size);
  }
  geometry.sub_header_blocks = blocks_for(*sub_header, shift);
  const std::uint64_t half =
      blocks_for((geometry.max_mapnr + kBitsPerByte - 1) / kBitsPerByte, shift);
  if (half > kMaxBitmapBlocks / 2) {
    return make_error(ErrorKind::kUnsupported,
                      "page frame number {:#x} does not fit into a kdump-compressed file",
                      geometry.max_mapnr);
  }
  geometry.bitmap_blocks = 2 * half;
  geometry.bitmap1_offset = (1 + geometry.sub_header_blocks) << shift.bits;
  geometry.bitmap2_offset = geometry.bitmap1_offset + (half << shift.bits);
  geometry.descriptors_offset = geometry.bitmap2_offset + (half << shift.bits);
  return geometry;
}

std::uint64_t DumpPlan::descriptor_offset(std::uint64_t rank) const {
  return geometry.descriptors_offset + rank * sizeof(PageDescriptor);
}

DumpPlan plan_dump(const DumpGeometry& geometry, std::uint64_t pages) {
  DumpPlan plan;
  plan.geometry = geometry;
  plan.pages = pages;
  plan.zero_page_offset = align_up(geometry.descriptors_offset + pages * sizeof(PageDescriptor),
                                   geometry.shift.page_size());
  plan.data_offset = plan.zero_page_offset + geometry.shift.page_size();
  return plan;
}

}  // namespace kdump::capture
