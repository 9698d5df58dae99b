// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kdump::config {

/// The date in the name of a dump's folder, HOST-YYYY-MM-DD-HH:MM:SS (with '-' for ':' on file
/// systems that have no colons, and perhaps "-2", "-3" ... behind it); dates compare as texts. ""
/// for any other name.
[[nodiscard]] std::string dump_date_of(std::string_view name);

}  // namespace kdump::config
