// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/agent/capture.h"

#include <cstdint>
#include <functional>
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

/// Log and messages, and what a file system needs for itself, in bytes.
inline constexpr std::uint64_t kDumpReserve = std::uint64_t{8} << 20U;

/// Where a dump is to go, as far as its room is concerned.
struct DumpRoom {
  std::function<Result<std::uint64_t>()> available;  ///< bytes
  /// Removes one old dump; false when there is none that may go.
  std::function<bool()> remove_one = [] { return false; };
  std::uint64_t stays_free = 0;  ///< bytes of it that the dump may not take
};

/// The file system of `directory`, which is the dump's own. Where the plan lets old dumps of the
/// host be removed (keep_dumps, keep_free), the oldest ones may go; one is left.
[[nodiscard]] DumpRoom room_on_file_system(const CaptureContext& context,
                                           const std::string& host_name,
                                           const std::string& directory);

/// What to run so that the dump fits: the plan's collector when there is room. Old dumps are
/// removed while that helps; where there is still no room a higher dump level is taken, at last 31
/// even where it may not fit: estimates err. Error: not even half of the smallest dump fits, so
/// that nothing is to be begun. A collector other than kdump-collect, and a vmcore that it
/// understands too little of to say, are tried as they are.
Result<std::vector<std::string>> make_dump_fit(const CaptureContext& context, const DumpRoom& room);

}  // namespace kdump::agent
