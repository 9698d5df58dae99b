// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "capture/vmcore/dump_file.h"

#include <vector>

namespace kdump::capture {

/// A stream of records (capture/vmcore/flattened_format.h) in a file, read as the dump that it
/// describes. An index of its records is made when it is opened: 24 bytes for each piece of the
/// dump. QEMU writes a record for each 4 KiB or less, so that this can be more than all else that
/// the collector needs.
class FlattenedFile final : public DumpFile {
 public:
  /// The file begins as a stream does.
  static Result<bool> recognises(const Fd& fd, std::uint64_t size);

  /// kBadData: a damaged header or record, or records that leave more than 1 GiB out. kUnsupported:
  /// more records than the index has room for. A stream that was cut off has what came.
  static Result<std::unique_ptr<FlattenedFile>> open(Fd fd, std::uint64_t size);

  Status read(std::uint64_t offset, std::span<std::byte> into) const override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t index_bytes() const override {
    return pieces_.size() * sizeof(Piece);
  }
  [[nodiscard]] bool flattened() const override { return true; }
  [[nodiscard]] bool cut_off() const override { return cut_off_; }

 private:
  /// Bytes of the dump that one record has.
  struct Piece {
    std::uint64_t offset = 0;  ///< in the dump
    std::uint64_t size = 0;
    std::uint64_t place = 0;  ///< in the stream
  };

  explicit FlattenedFile(Fd fd) : fd_(std::move(fd)) {}
  Status read_records(std::uint64_t stream_size);
  static std::vector<Piece> last_written(std::vector<Piece> records);

  Fd fd_;
  std::vector<Piece> pieces_;  ///< ascending, disjoint
  std::uint64_t size_ = 0;
  bool cut_off_ = false;
};

}  // namespace kdump::capture
