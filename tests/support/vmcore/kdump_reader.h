// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture::test {

/// Reads kdump-compressed files by the readers' documentation, with nothing of the writer's code:
/// the second opinion of the tests. Strict where crash or libkdumpfile are.
class KdumpReader {
 public:
  /// Checks the whole structure: header, geometry, bitmaps, descriptors inside the file.
  static Result<KdumpReader> open(const std::string& path);

  // Fields as the file has them.
  std::int32_t version = 0;
  std::vector<std::string> utsname;
  std::int64_t tv_sec = 0, tv_usec = 0;
  std::uint32_t status = 0;
  std::uint64_t block_size = 0;
  std::int32_t nr_cpus = 0;
  std::uint64_t phys_base = 0;
  std::int32_t dump_level = 0;
  std::int32_t split = 0;
  std::uint64_t start_pfn = 0, end_pfn = 0;  ///< of a part of a split dump
  std::uint64_t max_mapnr = 0;
  std::string notes;
  std::string vmcoreinfo;  ///< by offset_vmcoreinfo
  std::uint64_t eraseinfo_offset = 0, eraseinfo_size = 0;

  [[nodiscard]] bool complete() const { return (status & 8U) == 0; }
  [[nodiscard]] bool exists(std::uint64_t pfn) const { return bit(bitmap1_, pfn); }
  /// In the dump; in a part of a split one perhaps not in this file.
  [[nodiscard]] bool dumped(std::uint64_t pfn) const { return bit(bitmap2_, pfn); }
  [[nodiscard]] bool in_file(std::uint64_t pfn) const {
    return dumped(pfn) && (split == 0 || (pfn >= start_pfn && pfn < end_pfn));
  }
  [[nodiscard]] std::uint64_t existing_pages() const;
  [[nodiscard]] std::uint64_t dumped_pages() const;
  /// The bytes of a dumped page; kUnreadable for one without data.
  [[nodiscard]] Result<std::string> page(std::uint64_t pfn) const;
  /// Codec flags of its descriptor, and where its data is.
  struct Record {
    std::uint64_t offset = 0;
    std::uint32_t size = 0, flags = 0;
  };
  [[nodiscard]] Record record(std::uint64_t pfn) const;

 private:
  [[nodiscard]] std::uint64_t rank_of(std::uint64_t pfn) const;
  [[nodiscard]] static bool bit(std::string_view bitmap, std::uint64_t pfn);
  Status parse_headers();
  Status check_descriptors() const;

  std::string file_;
  std::string_view bitmap1_, bitmap2_;
  std::uint64_t descriptors_ = 0;
  std::vector<std::uint64_t> ranks_;  ///< dumped pages before each 64th page
};

}  // namespace kdump::capture::test
