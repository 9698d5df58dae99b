// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "capture/format/output.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kdump::capture {

/// A dump as a stream of records (capture/vmcore/flattened_format.h) to a pipe, a file or a device.
///
/// Readers sort the records, so there are few and they ascend: what is appended goes out at once;
/// small pieces written at an offset (page descriptors) are gathered until they make a record of
/// 128 KiB, at most 2 MiB of them; sync() sends what there is. The end marker is written whatever
/// happens, by the destructor if need be, because readers refuse a stream without it.
class FlattenedOutput final : public Output {
 public:
  /// `path`: "-" is standard output. Files are created as OutputFile does.
  static Result<std::unique_ptr<FlattenedOutput>> create(const std::string& path, bool overwrite);
  ~FlattenedOutput() override;

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool is_stream() const override { return true; }
  Result<std::uint64_t> append(std::span<const std::byte> bytes) override;
  Status sync() override;
  Status clear() override;
  Status close() override;
  [[nodiscard]] Result<Size> size() const override;

 private:
  enum class Sink { kFile, kDevice, kPipe };
  using Pending = std::map<std::uint64_t, std::vector<std::byte>>;

  FlattenedOutput(Fd fd, std::string path, Sink sink)
      : fd_(std::move(fd)), path_(std::move(path)), sink_(sink) {}
  Status begin();
  Status put(std::span<const std::byte> bytes);
  Status put_record(std::uint64_t offset, std::span<const std::byte> bytes);
  Status emit(Pending::iterator extent);
  Status emit_overlapped(std::uint64_t offset, std::uint64_t size);
  Pending::iterator gather(std::uint64_t offset, std::span<const std::byte> bytes);
  Status make_room();
  Status flush();
  Status put_end();
  void write_back();

  Fd fd_;
  std::string path_;
  Sink sink_;
  std::mutex mutex_;
  Pending pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t position_ = 0;      ///< of the stream
  std::uint64_t whole_ = 0;         ///< position behind the last whole record
  std::uint64_t written_back_ = 0;  ///< up to here the page cache was given back
  std::uint64_t writing_back_ = 0;
  bool ended_ = false;
};

}  // namespace kdump::capture
