// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace kdump::capture {

/// The running kernel's memory, as an ELF core file (fs/proc/kcore.c).
inline constexpr const char* kLiveKernel = "/proc/kcore";

/// The bytes of a dump, whatever form they have on the disk: a file as it is (/proc/vmcore too), or
/// a stream of records (capture/vmcore/flattened_format.h) that was saved to a file. Const and safe
/// for concurrent use.
class DumpFile {
 public:
  DumpFile() = default;
  DumpFile(const DumpFile&) = delete;
  DumpFile& operator=(const DumpFile&) = delete;
  virtual ~DumpFile() = default;

  /// Reads exactly `into.size()` bytes of the dump; kUnreadable when it ends before that.
  virtual Status read(std::uint64_t offset, std::span<std::byte> into) const = 0;
  /// Bytes of the dump.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// A descriptor of a file with the same bytes at the same offsets, to be mapped; -1: there is
  /// none.
  [[nodiscard]] virtual int mappable_fd() const { return -1; }
  /// Bytes of memory that finding places in the dump takes.
  [[nodiscard]] virtual std::uint64_t index_bytes() const { return 0; }
  /// The form is that of a stream.
  [[nodiscard]] virtual bool flattened() const { return false; }
  /// The stream ends before its end marker.
  [[nodiscard]] virtual bool cut_off() const { return false; }
};

/// Opens a regular file, a block device with a dump, /proc/vmcore or /proc/kcore. Errors name
/// `path`; kUsage: it is something else, a pipe for instance.
Result<std::unique_ptr<DumpFile>> open_dump_file(const std::string& path);

}  // namespace kdump::capture
