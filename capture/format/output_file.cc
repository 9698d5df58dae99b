// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/output_file.h"

#include "base/atomic_file.h"
#include "base/io.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kdump::capture {
namespace {

// Only root may read what was in a kernel's memory.
constexpr mode_t kMode = 0600;
constexpr std::uint64_t kStatBlock = 512;
constexpr std::size_t kZeroStep = std::size_t{256} << 10U;
constexpr std::uint64_t kScatteredBytes = std::uint64_t{2} << 20U;

}  // namespace

Result<OpenedOutput> open_output_path(const std::string& path, bool overwrite) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) {
      return make_error(ErrorKind::kUsage, "{} is a folder; the dump needs a file name", path);
    }
    const bool device = S_ISBLK(info.st_mode);
    return OpenedOutput{TRY(Fd::open(path, device ? O_RDWR : O_WRONLY)),
                        device ? OpenedOutput::Kind::kDevice : OpenedOutput::Kind::kStream};
  }
  const int flags = O_RDWR | O_CREAT | (overwrite ? O_TRUNC : O_EXCL);
  auto fd = Fd::open(path, flags, kMode);
  if (!fd) {
    if (fd.error().code == EEXIST) {
      return make_error(ErrorKind::kUsage, "{} exists; -f (--force) overwrites it", path);
    }
    return std::move(fd).error();
  }
  if (::fchmod(fd->raw(), kMode) != 0) return system_error(errno, "set the mode of {}", path);
  return OpenedOutput{*std::move(fd), OpenedOutput::Kind::kFile};
}

Result<std::unique_ptr<OutputFile>> OutputFile::create(const std::string& path, bool overwrite) {
  OpenedOutput opened = TRY(open_output_path(path, overwrite));
  if (opened.kind == OpenedOutput::Kind::kStream) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: only files and block devices can be written in place; a stream takes "
                      "the flattened format (--output-format flattened)",
                      path);
  }
  return std::unique_ptr<OutputFile>(
      new OutputFile(std::move(opened.fd), path, opened.kind == OpenedOutput::Kind::kDevice));
}

Status OutputFile::named(Status status) const {
  if (status) return status;
  return std::move(status).error().with_context(path_);
}

Status OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  TRY(named(write_all_at(fd_.raw(), bytes, offset)));
  return note_written({offset, offset + bytes.size()});
}

Result<std::uint64_t> OutputFile::append(std::span<const std::byte> bytes) {
  const std::uint64_t start = end_.fetch_add(bytes.size());
  TRY(named(write_all_at(fd_.raw(), bytes, start)));
  return start;
}

Status OutputFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  const Size now = TRY(size());
  // Behind the end of the file nothing was written yet.
  const std::uint64_t there = offset < now.length ? now.length - offset : 0;
  const auto present = static_cast<std::size_t>(std::min<std::uint64_t>(there, into.size()));
  std::fill(into.begin() + static_cast<std::ptrdiff_t>(present), into.end(), std::byte{0});
  return named(read_exact_at(fd_.raw(), into.first(present), offset));
}

Status OutputFile::sync() {
  if (::fsync(fd_.raw()) != 0) return system_error(errno, "sync {}", path_);
  return {};
}

Status OutputFile::write_back(const Range& range, unsigned flags) const {
  if (::sync_file_range(
          fd_.raw(), static_cast<off_t>(range.start), static_cast<off_t>(range.size()), flags) !=
          0 &&
      errno != EINVAL && errno != ESPIPE && errno != ENOSYS) {
    // This call may be the one that is told about a failed write; sync() would not hear of it. A
    // file system without it writes in its own time.
    return system_error(errno, "write {}", path_);
  }
  return {};
}

Status OutputFile::start_writeback(std::uint64_t offset, std::uint64_t size) {
  return write_back({offset, offset + size}, SYNC_FILE_RANGE_WRITE);
}

Status OutputFile::finish_writeback(std::uint64_t offset, std::uint64_t size) {
  TRY(write_back({offset, offset + size},
                 SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
  static_cast<void>(::posix_fadvise(
      fd_.raw(), static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED));
  return {};
}

Status OutputFile::note_written(const Range& range) {
  Range starting, finishing;
  {
    const std::lock_guard lock(mutex_);
    scattered_bytes_ += range.size();
    if (scattered_.empty()) scattered_ = range;
    scattered_.start = std::min(scattered_.start, range.start);
    scattered_.end = std::max(scattered_.end, range.end);
    if (scattered_bytes_ < kScatteredBytes) return {};
    scattered_bytes_ = 0;
    starting = std::exchange(scattered_, Range{});
    finishing = std::exchange(on_its_way_, starting);
  }
  TRY(start_writeback(starting.start, starting.size()));
  return finishing.empty() ? Status() : finish_writeback(finishing.start, finishing.size());
}

Status OutputFile::reserve(std::uint64_t offset, std::uint64_t size) {
  if (!device_) return {};
  const std::vector<std::byte> zeros(kZeroStep);
  for (const std::uint64_t end = offset + size; offset < end;) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), end - offset));
    TRY(write_at(offset, std::span(zeros).first(part)));
    offset += part;
  }
  return {};
}

Status OutputFile::clear() {
  append_from(0);
  if (device_) return {};
  if (::ftruncate(fd_.raw(), 0) != 0) return system_error(errno, "empty {}", path_);
  return {};
}

Status OutputFile::close() {
  TRY(named(fd_.close()));
  if (device_) return {};
  return sync_folder_of(path_);
}

Result<Output::Size> OutputFile::size() const {
  // What lies on a device behind the dump is not the dump's.
  if (device_) return Size{end(), end()};
  struct stat info {};
  if (::fstat(fd_.raw(), &info) != 0) return system_error(errno, "stat {}", path_);
  return Size{static_cast<std::uint64_t>(info.st_size),
              static_cast<std::uint64_t>(info.st_blocks) * kStatBlock};
}

}  // namespace kdump::capture
