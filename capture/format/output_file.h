// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kdump::capture {

/// Bytes at any offset, from several threads. What was never written reads as zero.
class Output {
 public:
  virtual ~Output() = default;
  virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Status read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
  /// All bytes so far are safe against power loss.
  virtual Status sync() = 0;

  /// [offset, offset + size) was written and is not needed again soon: start to bring it to the
  /// disk.
  virtual Status start_writeback(std::uint64_t offset, std::uint64_t size) = 0;
  /// Waits until the range is on the disk and gives its page cache back, so that a dump larger than
  /// a capture kernel's memory does not fill it.
  virtual Status finish_writeback(std::uint64_t offset, std::uint64_t size) = 0;
};

/// A regular file, mode 0600.
class OutputFile final : public Output {
 public:
  /// An existing file is kUsage unless `overwrite`; then it loses its contents.
  static Result<OutputFile> create(const std::string& path, bool overwrite);

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
  Status read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  Status sync() override;
  Status start_writeback(std::uint64_t offset, std::uint64_t size) override;
  Status finish_writeback(std::uint64_t offset, std::uint64_t size) override;

  /// Empties the file, to begin again.
  Status clear();
  /// Closes the file; also makes its name durable.
  Status close();
  /// Bytes up to the end of the file, and bytes of disk it takes.
  struct Size {
    std::uint64_t length = 0;
    std::uint64_t allocated = 0;
  };
  [[nodiscard]] Result<Size> size() const;

 private:
  OutputFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] Status named(Status status) const;

  Fd fd_;
  std::string path_;
};

}  // namespace kdump::capture
