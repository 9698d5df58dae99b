// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "capture/filter/page_class.h"
#include "capture/memory_survey.h"

#include <array>
#include <cstdint>
#include <vector>

namespace kdump::capture {

/// What pages of one class cost in a dump, on average over those that were tried.
struct ClassSample {
  std::uint64_t tried = 0;
  double zero = 0;     ///< share of pages filled with zero, which take no room
  double bytes = 0;    ///< of one page in the dump, those filled with zero counted in
  double seconds = 0;  ///< to read and compress one page, in one thread
};

using PageSamples = std::array<ClassSample, kPageClasses>;

/// Compresses a bounded number of pages of options.input with options.codec: about 2048 of each
/// class, out of up to 128 blocks of 32768 pages, evenly spread over the memory outside `reserved`
/// (bytes). Each block gives as many as its share of the class.
Result<PageSamples> sample_pages(const CaptureOptions& options, const std::vector<Range>& reserved);

/// The expected dump of a level.
struct DumpEstimate {
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;  ///< selecting and copying with options.threads, without waiting for the disk
};
[[nodiscard]] DumpEstimate estimate_dump(const MemorySurvey& survey,
                                         const PageSamples& samples,
                                         DumpLevel level,
                                         unsigned threads);

}  // namespace kdump::capture
