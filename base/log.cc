// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include "base/io.h"
#include "base/text.h"

namespace kdump {

void Log::emit(LogLevel level, std::string_view prefix, const std::string& text) const {
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    const std::string said = fmt::format("{}: {}{}", program_, prefix, line);
    for (const Sink& sink : sinks_) {
      if (level <= sink.level) sink.write(level, said);
    }
    out += said + "\n";
  }
  // A log that cannot be written has nowhere to complain.
  if (level <= level_) (void)write_all(fd_, out);
}

}  // namespace kdump
