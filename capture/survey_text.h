// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/memory_survey.h"
#include "capture/page_samples.h"

#include <string>

namespace kdump::capture {

/// The pages of each class, as a table.
[[nodiscard]] std::string usage_text(const MemorySurvey& survey);

/// A row for each dump level that differs from the others: pages, size and time.
[[nodiscard]] std::string estimate_text(const MemorySurvey& survey,
                                        const PageSamples& samples,
                                        const CaptureOptions& options);

/// The same as one JSON object: "pages" and "page_size" of the survey and, for each level N of the
/// table, "bytes_at_level_N".
[[nodiscard]] std::string estimate_json(const MemorySurvey& survey,
                                        const PageSamples& samples,
                                        const CaptureOptions& options);

/// What makedumpfile --mem-usage prints, byte for byte; scripts read it. Pages of zeros are counted
/// from the samples, makedumpfile reads them all.
[[nodiscard]] std::string makedumpfile_usage_text(const MemorySurvey& survey,
                                                  const PageSamples& samples);

}  // namespace kdump::capture
