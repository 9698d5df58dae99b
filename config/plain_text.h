// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace kdump::config {

/// Whether all of `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

/// What keeps a setting from being passed on safely (to JSON, to a kernel command line, to a file
/// name): "is not valid UTF-8", "contains a control character". Tabs are allowed. Nothing when it
/// is fine.
[[nodiscard]] std::optional<std::string_view> text_problem(std::string_view text);

/// Some editors of other systems begin UTF-8 with U+FEFF, which nobody sees.
[[nodiscard]] std::string_view without_byte_order_mark(std::string_view text);

}  // namespace kdump::config
