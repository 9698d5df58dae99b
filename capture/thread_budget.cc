// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/thread_budget.h"

#include "base/text.h"

#include <algorithm>
#include <thread>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kBaseKib = 8192;
constexpr std::uint64_t kThreadKib = 2048;
// Of the base; 24 bytes for each 128 MiB of memory.
constexpr std::uint64_t kSmallIndexes = std::uint64_t{1} << 20U;
constexpr std::uint64_t kShare = 4;
// Without /proc/meminfo: what the smallest reservation bears.
constexpr std::uint64_t kCautious = 2;

std::uint64_t threads_that_fit(const SysRoot& root) {
  const auto meminfo = root.read("/proc/meminfo");
  if (!meminfo) return kCautious;
  for (const std::string_view line : split_lines(*meminfo)) {
    const auto words = split_words(line);
    if (words.size() < 2 || words[0] != "MemAvailable:") continue;
    const auto kib = parse_unsigned(words[1]);
    if (kib) return *kib / kShare / kThreadKib;
  }
  return kCautious;
}

}  // namespace

unsigned default_threads(const SysRoot& root) {
  const std::uint64_t cpus = std::thread::hardware_concurrency();
  return static_cast<unsigned>(
      std::clamp<std::uint64_t>(std::min(cpus, threads_that_fit(root)), 1, kMaxThreads));
}

Result<unsigned> threads_within(std::uint64_t memory, std::uint64_t indexes) {
  const std::uint64_t base = (kBaseKib << 10U) + std::max(indexes, kSmallIndexes) - kSmallIndexes;
  constexpr std::uint64_t kThread = kThreadKib << 10U;
  if (memory < base + kThread) {
    return make_error(
        ErrorKind::kUsage, "a capture needs {} at least (--memory)", format_size(base + kThread));
  }
  return static_cast<unsigned>(std::min<std::uint64_t>((memory - base) / kThread, kMaxThreads));
}

}  // namespace kdump::capture
