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
/// file; nothing when there is no record, or when the one of that moment is known already.
Result<std::optional<std::string>> fetch_failure_record(const SysRoot& root,
                                                        const std::string& folder);

/// Writes a record to FOLDER/kdump-failure-DATE.txt, mode 0600; returns that path.
Result<std::string> keep_failure_record(const SysRoot& root,
                                        const std::string& folder,
                                        std::string_view record);

/// Where the crashed kernel's messages lie beside the file of a record.
[[nodiscard]] std::string dmesg_beside(const std::string& record_file);

/// A record that was fetched.
struct FailureRecord {
  std::string date;  ///< as the names of dumps have it, so that they compare
  std::string file;
  std::string reason;
  std::string dmesg_file;  ///< "" without one
};

/// The newest one in this folder. Where it cannot be read, the reason says so.
[[nodiscard]] std::optional<FailureRecord> newest_failure(const SysRoot& root,
                                                          const std::string& folder);

/// The first errors of a record, as one line.
[[nodiscard]] std::string reason_of(std::string_view record);

}  // namespace kdump::ctl
