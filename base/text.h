// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump {

[[nodiscard]] std::string_view trim(std::string_view text);

/// Fields between separators; n separators give n+1 fields, empty ones included.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Fields between runs of blanks and tabs; no empty ones.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

/// Lines without their newline; a final newline does not make an empty last line.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);

/// The whole text as a number: decimal, or hexadecimal with (parse_hex: optional) 0x. Nothing on
/// junk or overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_hex(std::string_view text);

/// A size as the kernel's memparse reads it: digits (0x too) with an optional K, M, G, T, P or E,
/// powers of 1024; bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

/// "12.3 MiB", "640 KiB", "17 B".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Text of unknown origin (a crashed kernel's memory, a file name) for a terminal: control bytes
/// and backslashes become \xNN.
[[nodiscard]] std::string escape_control(std::string_view text);

/// Number of single-character insertions, deletions and substitutions between two words; for "did
/// you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace kdump
