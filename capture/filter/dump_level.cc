// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/filter/dump_level.h"

#include "base/text.h"

namespace kdump::capture {

Result<DumpLevel> DumpLevel::parse(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value > kAll) {
    return make_error(ErrorKind::kUsage, "\"{}\" is not a dump level (0 to 31)", text);
  }
  return DumpLevel(static_cast<std::uint32_t>(*value));
}

}  // namespace kdump::capture
