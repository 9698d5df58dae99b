// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/memory_watch.h"

#include "base/text.h"

#include <algorithm>
#include <sys/resource.h>

namespace kdump::agent {

void MemoryWatch::sample() {
  const auto text = root_.read("/proc/meminfo");
  if (!text) return;  // a missing sample makes the mark less exact, nothing else
  for (const std::string_view line : split_lines(*text)) {
    const auto words = split_words(line);
    if (words.size() < 2) continue;
    const auto value = parse_unsigned(words[1]);
    if (!value) continue;
    if (words[0] == "MemTotal:") total_ = *value;
    if (words[0] == "MemAvailable:") lowest_ = std::min(lowest_.value_or(*value), *value);
  }
}

std::uint64_t peak_child_rss_kib() {
  rusage usage{};
  if (::getrusage(RUSAGE_CHILDREN, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(std::max(usage.ru_maxrss, 0L));
}

}  // namespace kdump::agent
