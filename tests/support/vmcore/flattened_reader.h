// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kdump::capture::test {

/// A flattened file by its description (makedumpfile's IMPLEMENTATION), with nothing of the
/// product's code.
struct FlattenedReader {
  struct Record {
    std::uint64_t offset = 0, size = 0;
  };
  std::vector<Record> records;
  std::string contents;  ///< the file that it describes
  bool ended = false;    ///< the end marker is there

  /// kBadData: no such header, or a record that runs over the end.
  static Result<FlattenedReader> parse(const std::string& stream);

  /// Records that begin before the end of one with a lower number.
  [[nodiscard]] std::uint64_t descents() const;
  /// No byte is written twice.
  [[nodiscard]] bool disjoint() const;
};

/// The opposite: a stream of records of at most `step` bytes, in an order that `seed` shuffles.
std::string flatten(const std::string& contents, std::size_t step, unsigned seed);

}  // namespace kdump::capture::test
