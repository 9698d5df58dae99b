// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/memory_reserve.h"

#include "base/io.h"
#include "base/text.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <thread>

namespace kdump::agent {
namespace {

constexpr const char* kMinFree = "/proc/sys/vm/min_free_kbytes";

Status set_kib(const Fd& setting, std::uint64_t kib) {
  const std::string text = fmt::format("{}\n", kib);
  return write_all_at(setting.raw(), as_bytes(text), 0);
}

}  // namespace

MemoryReserve::MemoryReserve(const SysRoot& root) {
  const auto text = root.read_value(kMinFree);
  if (!text) return;
  const auto before = parse_unsigned(*text);
  if (!before) return;
  auto setting = Fd::open(root.path(kMinFree), O_WRONLY);
  if (!setting || !set_kib(*setting, *before + kKib)) return;
  before_ = *before;
  setting_ = *std::move(setting);
}

void MemoryReserve::release() {
  if (!setting_.valid() || released_) return;
  released_ = true;
  std::this_thread::sleep_for(kPause);
  // A refusal has nobody to be told to: what follows fails then, and says so.
  (void)set_kib(setting_, before_);
}

}  // namespace kdump::agent
