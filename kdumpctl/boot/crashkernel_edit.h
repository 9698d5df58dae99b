// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kdump::boot {

/// In which grammar a file holds kernel parameters.
enum class ArgumentFile {
  kBlsEntry,     ///< `options` lines of a boot loader entry
  kGrubDefault,  ///< GRUB_CMDLINE_LINUX="..." and the like, a shell file
  kCmdline,      ///< nothing but parameters: /etc/kernel/cmdline
};

/// The values of all crashkernel= in the file, separated by blanks; nothing when it has none.
[[nodiscard]] std::optional<std::string> crashkernel_in(std::string_view text, ArgumentFile kind);

/// The text with crashkernel=VALUE (for several values, separated by blanks, as many): in place of
/// the first one that is there, all others removed; else at the end of the parameters (of
/// GRUB_CMDLINE_LINUX, in a shell file). Every other byte stays. Nothing when a shell file has no
/// line that this could be added to safely.
[[nodiscard]] std::optional<std::string> with_crashkernel(std::string_view text,
                                                          ArgumentFile kind,
                                                          std::string_view value);

/// The lines that differ, "-" and "+" in front, under the file's name.
[[nodiscard]] std::string line_difference(const std::string& file,
                                          std::string_view before,
                                          std::string_view after);

}  // namespace kdump::boot
