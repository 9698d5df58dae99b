// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/flattened_output.h"

#include "base/atomic_file.h"
#include "base/io.h"
#include "capture/format/output_file.h"
#include "capture/vmcore/flattened_format.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::string_view kStandardOutput = "-";
constexpr std::size_t kRecord = std::size_t{128} << 10U;
constexpr std::size_t kMaxPending = std::size_t{2} << 20U;
constexpr std::uint64_t kWritebackStep = std::uint64_t{8} << 20U;

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Result<std::unique_ptr<FlattenedOutput>> FlattenedOutput::create(const std::string& path,
                                                                 bool overwrite) {
  std::unique_ptr<FlattenedOutput> output;
  if (path == kStandardOutput) {
    if (::isatty(STDOUT_FILENO) == 1) {
      return make_error(ErrorKind::kUsage, "standard output is a terminal; send it elsewhere");
    }
    Fd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!fd.valid()) return system_error(errno, "standard output");
    output.reset(new FlattenedOutput(std::move(fd), "standard output", Sink::kPipe));
  } else {
    OpenedOutput opened = TRY(open_output_path(path, overwrite));
    Sink sink = Sink::kPipe;
    if (opened.kind == OpenedOutput::Kind::kFile) sink = Sink::kFile;
    if (opened.kind == OpenedOutput::Kind::kDevice) sink = Sink::kDevice;
    output.reset(new FlattenedOutput(std::move(opened.fd), path, sink));
  }
  TRY(output->begin());
  return output;
}

FlattenedOutput::~FlattenedOutput() {
  // The dump is not whole, which its header says; what there is must be readable all the same. An
  // error here has been told before, by the call that failed.
  if (ended_ || !fd_.valid()) return;
  static_cast<void>(flush());
  static_cast<void>(put_end());
}

Status FlattenedOutput::begin() {
  std::vector<std::byte> block(kFlattenedHeaderSize);
  FlattenedHeader header;
  header.signature = kFlattenedSignature;
  header.type = kFlattenedType;
  header.version = kFlattenedVersion;
  std::memcpy(block.data(), &header, sizeof(header));
  TRY(put(block));
  whole_ = position_;
  return {};
}

Status FlattenedOutput::put(std::span<const std::byte> bytes) {
  // A file or device is written at the position, so that a record cut short can be written over.
  auto status = sink_ == Sink::kPipe ? write_all(fd_.raw(), bytes)
                                     : write_all_at(fd_.raw(), bytes, position_);
  if (!status) return std::move(status).error().with_context(path_);
  position_ += bytes.size();
  return {};
}

Status FlattenedOutput::put_record(std::uint64_t offset, std::span<const std::byte> bytes) {
  FlattenedRecord record;
  record.offset = static_cast<std::int64_t>(offset);
  record.size = static_cast<std::int64_t>(bytes.size());
  TRY(put(bytes_of(record)));
  TRY(put(bytes));
  whole_ = position_;
  write_back();
  return {};
}

Status FlattenedOutput::emit(Pending::iterator extent) {
  const auto node = pending_.extract(extent);
  pending_bytes_ -= node.mapped().size();
  return put_record(node.key(), node.mapped());
}

/// What is pending of a range that is written again goes out first: the later record counts.
Status FlattenedOutput::emit_overlapped(std::uint64_t offset, std::uint64_t size) {
  auto extent = pending_.upper_bound(offset);
  if (extent != pending_.begin()) {
    const auto before = std::prev(extent);
    if (before->first + before->second.size() > offset) extent = before;
  }
  while (extent != pending_.end() && extent->first < offset + size) {
    const auto next = std::next(extent);
    TRY(emit(extent));
    extent = next;
  }
  return {};
}

/// Joins the bytes to what they touch.
FlattenedOutput::Pending::iterator FlattenedOutput::gather(std::uint64_t offset,
                                                           std::span<const std::byte> bytes) {
  pending_bytes_ += bytes.size();
  auto after = pending_.upper_bound(offset);
  auto extent = after;
  if (after != pending_.begin() &&
      std::prev(after)->first + std::prev(after)->second.size() == offset) {
    extent = std::prev(after);
    extent->second.insert(extent->second.end(), bytes.begin(), bytes.end());
  } else {
    extent =
        pending_.emplace_hint(after, offset, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  if (after != pending_.end() && extent->first + extent->second.size() == after->first) {
    extent->second.insert(extent->second.end(), after->second.begin(), after->second.end());
    pending_.erase(after);
  }
  return extent;
}

Status FlattenedOutput::make_room() {
  while (pending_bytes_ > kMaxPending) {
    TRY(emit(std::max_element(pending_.begin(), pending_.end(), [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();
    })));
  }
  return {};
}

Status FlattenedOutput::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  const std::lock_guard lock(mutex_);
  TRY(emit_overlapped(offset, bytes.size()));
  if (bytes.size() >= kRecord) return put_record(offset, bytes);
  const auto extent = gather(offset, bytes);
  if (extent->second.size() >= kRecord) return emit(extent);
  return make_room();
}

Result<std::uint64_t> FlattenedOutput::append(std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t start = end_.fetch_add(bytes.size());
  if (!bytes.empty()) TRY(put_record(start, bytes));
  return start;
}

Status FlattenedOutput::flush() {
  while (!pending_.empty()) TRY(emit(pending_.begin()));
  return {};
}

/// A file is cut behind the last whole record first: on a full disk the marker needs the room of
/// the record that did not fit.
Status FlattenedOutput::put_end() {
  ended_ = true;
  if (sink_ != Sink::kPipe && position_ != whole_) position_ = whole_;
  if (sink_ == Sink::kFile && ::ftruncate(fd_.raw(), static_cast<off_t>(position_)) != 0) {
    return system_error(errno, "{}", path_);
  }
  FlattenedRecord end;
  end.offset = kFlattenedEnd;
  end.size = kFlattenedEnd;
  return put(bytes_of(end));
}

void FlattenedOutput::write_back() {
  if (sink_ == Sink::kPipe || position_ - writing_back_ < kWritebackStep) return;
  // Only hints; lost writes show in sync().
  const auto range = [this](std::uint64_t from, std::uint64_t to, unsigned flags) {
    static_cast<void>(::sync_file_range(
        fd_.raw(), static_cast<off_t>(from), static_cast<off_t>(to - from), flags));
  };
  range(writing_back_, position_, SYNC_FILE_RANGE_WRITE);
  if (writing_back_ > written_back_) {
    range(written_back_,
          writing_back_,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    static_cast<void>(::posix_fadvise(fd_.raw(),
                                      static_cast<off_t>(written_back_),
                                      static_cast<off_t>(writing_back_ - written_back_),
                                      POSIX_FADV_DONTNEED));
  }
  written_back_ = writing_back_;
  writing_back_ = position_;
}

Status FlattenedOutput::sync() {
  const std::lock_guard lock(mutex_);
  TRY(flush());
  if (sink_ == Sink::kPipe) return {};
  if (::fsync(fd_.raw()) != 0) return system_error(errno, "sync {}", path_);
  return {};
}

Status FlattenedOutput::clear() {
  const std::lock_guard lock(mutex_);
  if (sink_ == Sink::kPipe) {
    return make_error(
        ErrorKind::kUnsupported, "{}: what is in a pipe cannot be written again", path_);
  }
  pending_.clear();
  pending_bytes_ = 0;
  if (sink_ == Sink::kFile && ::ftruncate(fd_.raw(), 0) != 0) {
    return system_error(errno, "empty {}", path_);
  }
  position_ = whole_ = writing_back_ = written_back_ = 0;
  append_from(0);
  return begin();
}

Status FlattenedOutput::close() {
  TRY(sync());
  TRY(put_end());
  if (sink_ != Sink::kPipe && ::fsync(fd_.raw()) != 0) {
    return system_error(errno, "sync {}", path_);
  }
  auto status = fd_.close();
  if (!status) return std::move(status).error().with_context(path_);
  return sink_ == Sink::kFile ? sync_folder_of(path_) : Status();
}

Result<Output::Size> FlattenedOutput::size() const { return Size{position_, position_}; }

}  // namespace kdump::capture
