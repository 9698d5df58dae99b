// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kdump::ctl {

/// A file as it was when it was loaded.
struct FileRecord {
  std::string path;  ///< without the SysRoot's prefix
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< nanoseconds since 1970
  std::string sha256;         ///< 64 hexadecimal digits
  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

/// The record of a file whose content has been read; what stands in `content` behind the file's
/// size is padding.
Result<FileRecord> record_file(const SysRoot& root,
                               const std::string& path,
                               std::span<const std::byte> content);

/// Reads it for that.
Result<FileRecord> record_file(const SysRoot& root, const std::string& path);

/// Whether the file is no longer what was recorded. Size and time decide where they are equal, and
/// where the caller may not read the file; else its content does.
[[nodiscard]] bool has_changed(const SysRoot& root, const FileRecord& record);

/// Whether the file at that path holds what was recorded, whatever its name and time.
[[nodiscard]] bool holds_content_of(const std::string& host_path, const FileRecord& record);

}  // namespace kdump::ctl
