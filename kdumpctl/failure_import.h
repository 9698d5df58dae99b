// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <optional>
#include <string>
#include <string_view>

namespace kdump::ctl {

/// Why the last capture could save nothing, from where the agent has left it
/// (config/failure_record.h): the record becomes FOLDER/kdump-failure-DATE.txt, mode 0600, and is
/// removed from the firmware's variables or pstore. Returns a sentence with the reason and the
/// file; nothing when there is no record.
Result<std::optional<std::string>> fetch_failure_record(const SysRoot& root,
                                                        const std::string& folder);

/// The first errors of a record, as one line.
[[nodiscard]] std::string reason_of(std::string_view record);

}  // namespace kdump::ctl
