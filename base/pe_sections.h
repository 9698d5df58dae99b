// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

/// A section of a PE file (Microsoft, "PE Format"), as it stands in the file.
struct PeSection {
  std::string name;          ///< up to 8 bytes: ".linux", ".initrd"
  std::uint64_t offset = 0;  ///< bytes from the file's begin
  /// Bytes of content: the virtual size where that is smaller, as what follows is padding.
  std::uint64_t size = 0;
};

/// The section table. `head`: the file, or so much of its begin that the table is in it. kBadData
/// says what is wrong, without the file's name. What lies behind the end of the file is the
/// caller's to find out.
Result<std::vector<PeSection>> read_pe_sections(std::span<const std::byte> head);

}  // namespace kdump
