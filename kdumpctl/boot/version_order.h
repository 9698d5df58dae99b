// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace kdump::boot {

/// Compares as the UAPI Group's Version Format Specification (UAPI.10) says: negative, 0, positive.
/// Digits count as numbers, '~' makes older, '^', '-' and '.' in this order older than what follows
/// without them.
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

/// How GRUB's blscfg compares two file names (without ".conf"): taken apart at the last two '-'
/// into name, version and release, each compared as RPM compares.
[[nodiscard]] int compare_bls_file_names(std::string_view a, std::string_view b);

}  // namespace kdump::boot
