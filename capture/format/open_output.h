// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/output.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kdump::capture {

/// The form of a dump.
enum class DumpFormat {
  kKdump,  ///< kdump-compressed
  kElf,    ///< an ELF core file
};

/// What a dump is written to.
struct OutputChoice {
  std::string path;  ///< "-": standard output
  bool overwrite = false;
  bool flattened = false;  ///< as a stream of records; the only form that a pipe can take
  std::optional<std::uint64_t> size_limit;  ///< bytes; a dump that needs more is out of room
};

/// Opens it. Errors name the path and say what to do.
Result<std::unique_ptr<Output>> open_output(const OutputChoice& choice);

}  // namespace kdump::capture
