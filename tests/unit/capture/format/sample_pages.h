// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace kdump::capture::test {

using Page = std::vector<std::byte>;

inline void put(Page& page, std::size_t at, std::uint64_t value) {
  std::memcpy(page.data() + at, &value, sizeof(value));
}

inline Page noise(std::size_t size, std::mt19937_64& random) {
  Page page(size);
  for (std::size_t at = 0; at < size; at += 8) put(page, at, random());
  return page;
}

}  // namespace kdump::capture::test
