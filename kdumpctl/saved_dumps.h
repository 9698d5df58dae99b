// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// The folder of one capture.
struct SavedDump {
  std::string folder;      ///< without the SysRoot's prefix
  std::string date;        ///< as its name has it
  bool readable = true;    ///< this user may look into the folder; else nothing below is known
  std::string vmcore{};    ///< path of what there is of one; "" for nothing
  bool complete = false;   ///< it is whole
  std::uint64_t size = 0;  ///< of the vmcore, bytes
  std::int64_t saved = 0;  ///< seconds since 1970: when it was last written
};

/// Where dumps of this configuration are on the running host; "" when they are not on a mounted
/// local file system.
Result<std::string> dump_folder(const SysRoot& root, const config::KdumpConfig& config);

/// All captures in that folder, the oldest first; none where there is no such folder.
Result<std::vector<SavedDump>> saved_dumps(const SysRoot& root, const std::string& folder);

/// What is known about one capture besides its files.
struct CaptureReport {
  std::string panic;                                 ///< the dead kernel's last words; "" unknown
  std::vector<std::string> errors;                   ///< of the agent; at most 5
  std::optional<std::uint64_t> lowest_memory_kib{};  ///< MemAvailable of the capture kernel
  std::optional<std::uint64_t> memory_kib{};         ///< MemTotal of it
  bool has_log = false;                              ///< kexec-dmesg.log could be read
};

/// Reads vmcore-dmesg.txt and kexec-dmesg.log; both may be absent or damaged.
CaptureReport report_on(const SysRoot& root, const SavedDump& dump);

}  // namespace kdump::ctl
