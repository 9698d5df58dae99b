// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kdump::capture {

/// What a dump is written to: bytes at any offset, from several threads. Offsets are those of the
/// finished dump, whatever form it takes on its way (a stream of records, for instance).
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;

  /// Writes behind what append() wrote before and returns where that is.
  virtual Result<std::uint64_t> append(std::span<const std::byte> bytes);
  /// append() goes on at `offset`.
  void append_from(std::uint64_t offset) { end_ = offset; }
  /// Where append() would write next.
  [[nodiscard]] std::uint64_t end() const { return end_; }

  /// Bytes that were never written read as zero, and read_at() works. Where not, bitmaps are kept
  /// in memory and written whole.
  [[nodiscard]] virtual bool is_sparse() const { return false; }
  /// Every byte can be written once only: readers of a stream of records do not agree on which of
  /// two counts (crash takes either).
  [[nodiscard]] virtual bool is_stream() const { return false; }
  /// kUnsupported unless is_sparse().
  virtual Status read_at(std::uint64_t offset, std::span<std::byte> into) const;
  /// The range will be written piece by piece, in any order; what a writer that dies has not
  /// written must read as zero.
  virtual Status reserve(std::uint64_t offset, std::uint64_t size);

  /// All bytes so far are safe against power loss, as far as the output has such a thing.
  virtual Status sync() = 0;
  /// [offset, offset + size) was written and is not needed again soon: start to bring it to the
  /// disk.
  virtual Status start_writeback(std::uint64_t offset, std::uint64_t size);
  /// Waits until the range is on the disk and gives its page cache back, so that a dump larger than
  /// a capture kernel's memory does not fill it.
  virtual Status finish_writeback(std::uint64_t offset, std::uint64_t size);

  /// Empties the output, to begin again; kUnsupported when what was written is gone for good.
  virtual Status clear() = 0;
  /// Nothing more will be written: makes the last bytes, and the name, durable.
  virtual Status close() = 0;

  /// Bytes up to the end, and bytes of disk they take.
  struct Size {
    std::uint64_t length = 0;
    std::uint64_t allocated = 0;
  };
  [[nodiscard]] virtual Result<Size> size() const = 0;

 protected:
  std::atomic<std::uint64_t> end_{0};
};

}  // namespace kdump::capture
