// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/capture_progress.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::capture {

struct VerifyOptions {
  std::string path;
  std::optional<std::string> source;  ///< the vmcore, or a dump, that it was made of
  unsigned threads = 1;
};

/// What a dump was found to be.
struct VerifyReport {
  std::string format;              ///< "kdump-compressed, version 6", "ELF core file"
  std::uint64_t pages = 0;         ///< in the dump
  std::uint64_t without_data = 0;  ///< of these, pages that could not be read when it was written
  std::uint64_t compared = 0;      ///< pages that are those of the source
  std::uint64_t not_compared = 0;  ///< pages that the source could not show
  std::uint64_t faults = 0;
  std::vector<std::string> messages;  ///< of the first faults, by page, 20 at most

  [[nodiscard]] bool sound() const { return faults == 0; }
};

/// Reads the whole of a dump back: its headers and what they locate, its notes, every descriptor,
/// every page, which is unpacked and, given the source, compared with what is there. What is wrong
/// with the dump is in the report; an error is returned when dump or source cannot be opened for
/// another reason, or are not known by their form.
///
/// Pages are shared out among the threads in blocks of 32768; each thread takes 0.6 MiB.
Result<VerifyReport> verify_dump(const VerifyOptions& options, CaptureProgress& progress);

}  // namespace kdump::capture
