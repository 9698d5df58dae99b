// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/survey_text.h"

#include "base/text.h"
#include "capture/fields.h"

#include <cmath>
#include <iterator>
#include <string_view>

namespace kdump::capture {
namespace {

struct ClassRow {
  PageClass page_class;
  std::string_view name;
  std::string_view left_out;
};

constexpr std::array<ClassRow, kPageClasses> kRows = {{
    {PageClass::kKept, "kernel and all else", "never"},
    {PageClass::kCache, "page cache", "2, 4"},
    {PageClass::kCachePrivate, "cache, private data", "4"},
    {PageClass::kUser, "user memory", "8"},
    {PageClass::kFree, "free", "16"},
    {PageClass::kUnaccepted, "unaccepted", "always"},
    {PageClass::kHwPoison, "failed memory", "always"},
    {PageClass::kOffline, "offline", "always"},
}};

// 4 includes 2, and zero pages take no room at any level.
constexpr std::array<std::uint32_t, 12> kLevels = {31, 27, 25, 23, 19, 17, 15, 11, 9, 7, 3, 1};

struct BitRow {
  std::uint32_t bit;
  std::string_view name;
};

constexpr std::array<BitRow, 4> kBits = {{
    {DumpLevel::kCache, "cache"},
    {DumpLevel::kCachePrivate, "private"},
    {DumpLevel::kUser, "user"},
    {DumpLevel::kFree, "free"},
}};

std::string left_out_text(DumpLevel level) {
  std::string text;
  for (const BitRow& row : kBits) {
    if (!level.excludes(row.bit)) continue;
    text += text.empty() ? "" : ", ";
    text += row.name;
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace

std::string usage_text(const MemorySurvey& survey) {
  std::string text = fmt::format("kernel {}: {} pages of {}, {}\n\n{:<20} {:>12} {:>12}  {}\n",
                                 escape_control(survey.release),
                                 survey.pages,
                                 format_size(survey.page_size),
                                 format_size(survey.pages * survey.page_size),
                                 "what",
                                 "pages",
                                 "size",
                                 "left out by level");
  for (const ClassRow& row : kRows) {
    const std::uint64_t pages = survey.of(row.page_class);
    fmt::format_to(std::back_inserter(text),
                   "{:<20} {:>12} {:>12}  {}\n",
                   row.name,
                   pages,
                   format_size(pages * survey.page_size),
                   row.left_out);
  }
  return text;
}

std::string estimate_text(const MemorySurvey& survey,
                          const PageSamples& samples,
                          const CaptureOptions& options) {
  std::uint64_t tried = 0;
  for (const ClassSample& sample : samples) tried += sample.tried;
  std::string text = fmt::format(
      "\n{:>5}  {:<26} {:>12} {:>12} {:>9}\n", "level", "leaves out", "pages", "size", "time");
  for (const std::uint32_t bits : kLevels) {
    const DumpLevel level(bits);
    const DumpEstimate estimate = estimate_dump(survey, samples, level, options.threads);
    fmt::format_to(std::back_inserter(text),
                   "{:>5}  {:<26} {:>12} {:>12} {:>7.1f} s\n",
                   bits,
                   left_out_text(level),
                   estimate.pages,
                   format_size(estimate.bytes),
                   estimate.seconds);
  }
  fmt::format_to(std::back_inserter(text),
                 "\nAn even level takes what the odd one above it takes (pages of zeros take no "
                 "room in any\ndump), and 4 includes 2. Sizes are those of {} pages of all kinds, "
                 "compressed with {};\ntimes are of this machine with {} threads, without waiting "
                 "for a disk or a network.\n",
                 tried,
                 codec_name(options.codec),
                 options.threads);
  return text;
}

std::string estimate_json(const MemorySurvey& survey,
                          const PageSamples& samples,
                          const CaptureOptions& options) {
  std::vector<Field> fields = {{"kernel", "", survey.release},
                               {"pages", "", survey.pages},
                               {"page_size", "", survey.page_size}};
  for (const std::uint32_t bits : kLevels) {
    const DumpEstimate estimate = estimate_dump(survey, samples, DumpLevel(bits), options.threads);
    fields.push_back({fmt::format("bytes_at_level_{}", bits), "", estimate.bytes});
  }
  return fields_as_json(fields);
}

std::string makedumpfile_usage_text(const MemorySurvey& survey, const PageSamples& samples) {
  const std::uint64_t kept = survey.of(PageClass::kKept);
  const double zero_share = samples[static_cast<std::size_t>(PageClass::kKept)].zero;
  const auto zero =
      static_cast<std::uint64_t>(std::llround(static_cast<double>(kept) * zero_share));
  std::string text =
      "\nTYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n"
      "----------------------------------------------------------------------\n";
  const auto row = [&text](std::string_view name,
                           std::uint64_t pages,
                           std::string_view excludable,
                           std::string_view description) {
    fmt::format_to(
        std::back_inserter(text), "{}\t{:<16}\t{}\t\t{}\n", name, pages, excludable, description);
  };
  row("ZERO\t", zero, "yes", "Pages filled with zero");
  row("NON_PRI_CACHE", survey.of(PageClass::kCache), "yes", "Cache pages without private flag");
  row("PRI_CACHE", survey.of(PageClass::kCachePrivate), "yes", "Cache pages with private flag");
  row("USER\t", survey.of(PageClass::kUser), "yes", "User process pages");
  row("FREE\t",
      survey.of(PageClass::kFree) + survey.of(PageClass::kUnaccepted),
      "yes",
      "Free pages");
  row("KERN_DATA", kept - zero, "no", "Dumpable kernel data ");
  fmt::format_to(std::back_inserter(text),
                 "\npage size:\t\t{:<16}\nTotal pages on system:\t{:<16}\n"
                 "Total size on system:\t{:<16} Byte\n\n",
                 survey.page_size,
                 survey.pages,
                 survey.pages * survey.page_size);
  return text;
}

}  // namespace kdump::capture
