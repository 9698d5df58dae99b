// SPDX-License-Identifier: GPL-2.0-or-later
// The plan in a capture image: what is accepted survives being written and read again.
#include "config/capture_plan.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT
  const auto plan = capture_plan_from_json(text);
  if (!plan) return 0;
  const auto again = capture_plan_from_json(to_json(*plan));
  if (!again || *again != *plan) __builtin_trap();
  return 0;
}
