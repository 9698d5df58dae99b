// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/memory_survey.h"

#include "base/text.h"
#include "capture/vmcore/dump_file.h"

#include <algorithm>
#include <cerrno>

namespace kdump::capture {
namespace {

constexpr int kLiveTries = 3;

std::uint64_t pages_in(const std::vector<Range>& ranges, std::uint64_t page_size) {
  std::uint64_t pages = 0;
  for (const Range& range : ranges) pages += range.size() / page_size;
  return pages;
}

/// A running kernel changes under the reader: what contradicts itself is looked at again.
Result<CaptureReport> classify(const CaptureOptions& options, bool live) {
  for (int tries = live ? kLiveTries : 1;; --tries) {
    CaptureProgress progress;
    CaptureReport report = TRY(run_capture(options, progress));
    if (report.level == options.level || tries <= 1) return report;
  }
}

}  // namespace

bool is_dumped(PageClass page_class, DumpLevel level) {
  switch (page_class) {
    case PageClass::kKept:
      return true;
    case PageClass::kFree:
      return !level.excludes(DumpLevel::kFree);
    case PageClass::kCache:
      return !level.excludes(DumpLevel::kCache | DumpLevel::kCachePrivate);
    case PageClass::kCachePrivate:
      return !level.excludes(DumpLevel::kCachePrivate);
    case PageClass::kUser:
      return !level.excludes(DumpLevel::kUser);
    case PageClass::kUnaccepted:
    case PageClass::kHwPoison:
    case PageClass::kOffline:
      break;
  }
  return false;
}

Result<MemorySurvey> survey_memory(const CaptureOptions& options,
                                   const std::vector<Range>& reserved) {
  CaptureOptions survey_options = options;
  survey_options.dry_run = true;
  survey_options.level = DumpLevel(DumpLevel::kAll);
  survey_options.smaller_levels.clear();
  CaptureReport report = TRY(classify(survey_options, options.input == kLiveKernel));
  constexpr std::uint32_t kByClass = DumpLevel::kCache | DumpLevel::kUser;
  if ((report.level.bits() & kByClass) != kByClass) {
    return make_error(
        ErrorKind::kUnsupported,
        "{}: {}",
        options.input,
        report.warnings.empty() ? "its pages cannot be told apart" : report.warnings.back());
  }
  MemorySurvey survey;
  survey.release = std::move(report.release);
  survey.page_size = report.page_size;
  survey.front_bytes = report.front_bytes;
  survey.by_class = report.filter.excluded;
  survey.by_class[static_cast<std::size_t>(PageClass::kKept)] = report.kept;
  survey.seconds = report.select_time.count();
  survey.warnings = std::move(report.warnings);
  // To the kernel its reservation is memory in use.
  std::uint64_t& kept = survey.by_class[static_cast<std::size_t>(PageClass::kKept)];
  kept -= std::min(pages_in(reserved, survey.page_size), kept);
  for (const std::uint64_t pages : survey.by_class) survey.pages += pages;
  return survey;
}

std::vector<Range> crash_kernel_memory(const SysRoot& root) {
  std::vector<Range> ranges;
  const auto iomem = root.read("/proc/iomem");
  if (!iomem) return ranges;
  for (const std::string_view line : split_lines(*iomem)) {
    // "  2d000000-36ffffff : Crash kernel"; without privilege the addresses are 0.
    const std::size_t colon = line.find(" : ");
    if (colon == std::string_view::npos || trim(line.substr(colon + 3)) != "Crash kernel") continue;
    const auto ends = split(trim(line.substr(0, colon)), '-');
    if (ends.size() != 2) continue;
    const auto first = parse_hex(ends[0]);
    const auto last = parse_hex(ends[1]);
    if (first && last && *first < *last) ranges.push_back({*first, *last + 1});
  }
  return ranges;
}

Error explain_kcore(const Error& error, const SysRoot& root) {
  if (error.kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kUnsupported,
                      "{}; this kernel was built without it (CONFIG_PROC_KCORE). Give a vmcore of "
                      "this machine instead",
                      error.message);
  }
  if (error.code != EPERM && error.code != EACCES) return error;
  const auto lockdown = root.read_value("/sys/kernel/security/lockdown");
  if (lockdown && lockdown->find("[confidentiality]") != std::string::npos) {
    return make_error(
        ErrorKind::kUnsupported,
        "{}; kernel lockdown (confidentiality) hides the kernel's memory, from root too. Give a "
        "vmcore of this machine instead, or boot with lockdown=integrity",
        error.message);
  }
  return make_error(ErrorKind::kSystem,
                    "{}; reading the kernel's memory takes root's privilege (CAP_SYS_RAWIO)",
                    error.message);
}

}  // namespace kdump::capture
