// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/fd.h"
#include "capture/format/output.h"

#include <memory>
#include <mutex>
#include <string>

namespace kdump::capture {

/// A regular file, or a block device, that is written in place.
class OutputFile final : public Output {
 public:
  /// A new file gets mode 0600. An existing one is kUsage unless `overwrite`; then it loses its
  /// contents. A block device keeps mode and contents, and needs no `overwrite`. kUnsupported:
  /// neither of these.
  static Result<std::unique_ptr<OutputFile>> create(const std::string& path, bool overwrite);

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
  Result<std::uint64_t> append(std::span<const std::byte> bytes) override;
  [[nodiscard]] bool is_sparse() const override { return !device_; }
  Status read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  Status reserve(std::uint64_t offset, std::uint64_t size) override;
  Status sync() override;
  Status start_writeback(std::uint64_t offset, std::uint64_t size) override;
  Status finish_writeback(std::uint64_t offset, std::uint64_t size) override;
  Status clear() override;
  Status close() override;
  [[nodiscard]] Result<Size> size() const override;

 private:
  OutputFile(Fd fd, std::string path, bool device)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device) {}
  [[nodiscard]] Status named(Status status) const;
  Status write_back(const Range& range, unsigned flags) const;
  Status note_written(const Range& range);

  Fd fd_;
  std::string path_;
  bool device_;
  // What was written here and there, bitmaps and descriptors, goes to the disk from time to time.
  std::mutex mutex_;
  std::uint64_t scattered_bytes_ = 0;
  Range scattered_;
  Range on_its_way_;
};

/// Opens `path` for writing by the rules of OutputFile; FIFOs and character devices too. Shared
/// with outputs that are streams.
struct OpenedOutput {
  Fd fd;
  enum class Kind { kFile, kDevice, kStream } kind = Kind::kFile;
};
Result<OpenedOutput> open_output_path(const std::string& path, bool overwrite);

}  // namespace kdump::capture
