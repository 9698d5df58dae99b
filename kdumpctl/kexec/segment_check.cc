// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/checked_math.h"
#include "kdumpctl/kexec/load_plan.h"

namespace kdump::kexec {
namespace {

constexpr std::size_t kMaxSegments = 16;  // KEXEC_SEGMENT_MAX, include/uapi/linux/kexec.h

Error broken(const Segment& segment, std::string_view what) {
  return make_error(ErrorKind::kBadData,
                    "the load plan is broken: segment {} at {} {}; please report this",
                    segment.name,
                    segment.address,
                    what);
}

Status check_segment(const Segment& segment, const LoadPlan& plan) {
  const std::uint64_t page = segment_alignment(plan.machine);
  const std::uint64_t start = segment.address.value();
  const auto end = checked_add(start, segment.memory_size);
  if (segment.bytes.empty() || segment.memory_size == 0) return broken(segment, "is empty");
  if (start % page != 0 || segment.memory_size % page != 0) {
    return broken(segment, "is not made of whole pages");
  }
  if (segment.bytes.size() > segment.memory_size) return broken(segment, "is larger than its room");
  if (!end || !plan.room.contains(Range{start, *end})) {
    return broken(segment,
                  plan.kind == LoadKind::kPanic ? "is outside the reserved memory"
                                                : "is outside the memory that may be used");
  }
  return {};
}

}  // namespace

Status check_segments(const LoadPlan& plan) {
  if (plan.segments.empty() || plan.segments.size() > kMaxSegments) {
    return make_error(ErrorKind::kBadData,
                      "the load plan is broken: {} segments instead of 1 to {}; please report this",
                      plan.segments.size(),
                      kMaxSegments);
  }
  std::uint64_t total = 0;
  bool entry_inside = false;
  const Segment* previous = nullptr;
  for (const Segment& segment : plan.segments) {
    TRY(check_segment(segment, plan));
    if (previous != nullptr && previous->address + previous->memory_size > segment.address) {
      return broken(segment, "overlaps the one before it");
    }
    const std::uint64_t start = segment.address.value();
    entry_inside = entry_inside || (plan.entry.value() >= start &&
                                    plan.entry.value() - start < segment.bytes.size());
    total += segment.memory_size;
    previous = &segment;
  }
  if (!entry_inside) {
    return make_error(ErrorKind::kBadData,
                      "the load plan is broken: its entry point {} is in no segment; please report "
                      "this",
                      plan.entry);
  }
  return check_half_of_ram(total, plan.total_ram);
}

Status check_loadable(const LoadPlan& plan) {
  if (plan.no_mapping.empty()) return {};
  return make_error(ErrorKind::kUnsupported,
                    "kexec_load cannot be used: {}; remove -c from KEXEC_ARGS",
                    plan.no_mapping);
}

}  // namespace kdump::kexec
