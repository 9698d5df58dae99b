// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace kdump::test {

/// `bytes` as one stream of libarchive's `filter` (ARCHIVE_FILTER_GZIP, ...).
[[nodiscard]] std::vector<std::byte> packed(int filter, std::span<const std::byte> bytes);

}  // namespace kdump::test
