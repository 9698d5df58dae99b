// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "base/sys_root.h"
#include "capture/filter/page_class.h"
#include "capture/run_capture.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kdump::capture {

/// What a machine's memory is used for, as a dump would see it.
struct MemorySurvey {
  std::string release;
  std::uint64_t page_size = 0;
  std::uint64_t pages = 0;  ///< that a dump of level 0 would have
  /// kKept: what no level leaves out.
  std::array<std::uint64_t, kPageClasses> by_class{};
  std::uint64_t front_bytes = 0;  ///< of a dump: headers, notes, bitmaps
  double seconds = 0;             ///< it took to tell them apart
  std::vector<std::string> warnings;

  [[nodiscard]] std::uint64_t of(PageClass page_class) const {
    return by_class[static_cast<std::size_t>(page_class)];
  }
};

/// Tells the pages of options.input apart: a vmcore, or /proc/kcore, which shows the running
/// kernel. `reserved`: bytes that no dump would have. kUnsupported: its struct pages are not
/// understood.
Result<MemorySurvey> survey_memory(const CaptureOptions& options,
                                   const std::vector<Range>& reserved);

/// The memory that a panic kernel was given ("Crash kernel" in /proc/iomem), in bytes: it is part
/// of what /proc/kcore shows, but not of a dump.
[[nodiscard]] std::vector<Range> crash_kernel_memory(const SysRoot& root);

/// Why /proc/kcore cannot be opened, and what helps; `error` is what opening it said.
[[nodiscard]] Error explain_kcore(const Error& error, const SysRoot& root);

/// A page class is in dumps of this level.
[[nodiscard]] bool is_dumped(PageClass page_class, DumpLevel level);

}  // namespace kdump::capture
