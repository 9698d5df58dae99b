// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::agent {

/// How large the collector expects a dump of each level to be.
class DumpSizes {
 public:
  /// The output of `kdump-collect --estimate --json`.
  static Result<DumpSizes> parse(std::string_view json);

  /// Bytes; nothing for a level that the collector said nothing about.
  [[nodiscard]] std::optional<std::uint64_t> at(unsigned level) const;
  /// The levels that leave out all that `level` does, and more, largest dump first.
  [[nodiscard]] std::vector<unsigned> above(unsigned level) const;

 private:
  std::map<unsigned, std::uint64_t> bytes_;  ///< by odd levels in which 4 includes 2
};

/// The dump level of a collector's command line, the first of several.
[[nodiscard]] unsigned dump_level_of(const std::vector<std::string>& argv);
/// The same command line with another dump level.
[[nodiscard]] std::vector<std::string> with_dump_level(std::vector<std::string> argv,
                                                       unsigned level);

/// What to run so that the dump fits on the file system of `directory`, which is the dump's own:
/// the plan's collector when there is room. Where the plan lets old dumps of the host be removed
/// (keep_dumps, keep_free), the oldest ones are, while that helps and one is left; where there is
/// still no room a higher dump level is taken, at last 31 even where it may not fit: estimates err.
/// Error: not even half of the smallest dump fits, so that nothing is to be begun. A collector
/// other than kdump-collect, and a vmcore that it understands too little of to say, are tried as
/// they are.
Result<std::vector<std::string>> make_dump_fit(const CaptureContext& context,
                                               const std::string& host_name,
                                               const std::string& directory);

}  // namespace kdump::agent
