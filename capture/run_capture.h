// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/capture_progress.h"
#include "capture/filter/block_filter.h"
#include "capture/filter/dump_level.h"
#include "capture/format/open_output.h"
#include "capture/format/page_codec.h"
#include "capture/format/page_copier.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::capture {

struct CaptureOptions {
  std::string input;    ///< /proc/vmcore, an ELF vmcore or a kdump-compressed dump
  OutputChoice output;  ///< written in place, under this very name
  DumpFormat format = DumpFormat::kKdump;
  DumpLevel level{DumpLevel::kAll};
  std::vector<DumpLevel> smaller_levels;  ///< tried in turn when the output has no room
  CodecChoice codec = default_codec();
  unsigned threads = 1;
  /// Bytes of memory that a capture may take; costs threads (capture/thread_budget.h).
  std::optional<std::uint64_t> memory_limit;
  bool map_input = true;  ///< false: read(2) the input, never mmap it
  bool dry_run = false;   ///< select the pages and report; `output` is not touched
  /// Two or more: the dump is divided among these files, by rank of its pages, and output.path is
  /// not used.
  std::vector<std::string> parts;
  std::uint64_t split_block = 0;  ///< bytes of memory that are not divided between two parts
  /// VMCOREINFO text from elsewhere for what the image's own lacks.
  std::string debug_info;
};

/// What a capture did.
struct CaptureReport {
  std::string release;  ///< OSRELEASE of the crashed kernel, may be empty
  DumpLevel level;      ///< in the end, lower than asked for when the memmap was not understood
  std::uint64_t page_size = 0;
  std::uint64_t pages = 0;        ///< in the image
  std::uint64_t front_bytes = 0;  ///< headers, notes and bitmaps of a kdump-compressed dump
  FilterCounts filter;
  std::uint64_t kept = 0;  ///< pages that the filter left in
  unsigned threads = 1;
  CopyCounts copy;
  std::uint64_t file_length = 0;     ///< bytes up to the end of the output
  std::uint64_t file_allocated = 0;  ///< bytes on the disk
  std::chrono::duration<double> select_time{};
  std::chrono::duration<double> copy_time{};
  std::chrono::duration<double> sync_time{};
  std::vector<std::string> warnings;  ///< what a person must know about this dump
};

/// Makes a filtered dump of a crashed machine's memory, or of what an earlier dump has of it.
///
/// What the crashed kernel says about itself is never a reason to fail: where its memmap cannot be
/// understood pages are kept, and the report warns. Errors are those of the input's headers and of
/// the output. After an error the output, if it was created, is marked incomplete; so is the copy
/// of an incomplete dump.
Result<CaptureReport> run_capture(const CaptureOptions& options, CaptureProgress& progress);

}  // namespace kdump::capture
