// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include "base/io.h"
#include "base/text.h"

namespace kdump {

void Log::emit(LogLevel level, std::string_view prefix, const std::string& text) const {
  if (level > level_) return;
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    out += fmt::format("{}: {}{}\n", program_, prefix, line);
  }
  // A log that cannot be written has nowhere to complain.
  (void)write_all(fd_, out);
}

}  // namespace kdump
