// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace kdump::config {

/// The name that a mistyped word most likely means: the closest one, when it is at most two edits
/// (one in words of up to four letters) away.
[[nodiscard]] std::optional<std::string_view> suggestion(
    std::string_view word, const std::vector<std::string_view>& names);

}  // namespace kdump::config
