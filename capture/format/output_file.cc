// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/output_file.h"

#include "base/atomic_file.h"
#include "base/io.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

// Only root may read what was in a kernel's memory.
constexpr mode_t kMode = 0600;
constexpr std::uint64_t kStatBlock = 512;

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path, bool overwrite) {
  const int flags = O_RDWR | O_CREAT | (overwrite ? O_TRUNC : O_EXCL);
  auto fd = Fd::open(path, flags, kMode);
  if (!fd) {
    if (fd.error().code == EEXIST) {
      return make_error(ErrorKind::kUsage, "{} exists; -f (--force) overwrites it", path);
    }
    return std::move(fd).error();
  }
  struct stat info {};
  if (::fstat(fd->raw(), &info) != 0) return system_error(errno, "stat {}", path);
  if (!S_ISREG(info.st_mode)) {
    return make_error(ErrorKind::kUnsupported, "{}: only regular files can be written", path);
  }
  if (::fchmod(fd->raw(), kMode) != 0) return system_error(errno, "set the mode of {}", path);
  return OutputFile(*std::move(fd), path);
}

Status OutputFile::named(Status status) const {
  if (status) return status;
  return std::move(status).error().with_context(path_);
}

Status OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  return named(write_all_at(fd_.raw(), bytes, offset));
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

Status OutputFile::start_writeback(std::uint64_t offset, std::uint64_t size) {
  // Only a hint: a file system without it writes in its own time. Lost writes show in sync().
  static_cast<void>(::sync_file_range(
      fd_.raw(), static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
  return {};
}

Status OutputFile::finish_writeback(std::uint64_t offset, std::uint64_t size) {
  if (::sync_file_range(
          fd_.raw(),
          static_cast<off_t>(offset),
          static_cast<off_t>(size),
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) != 0 &&
      errno != EINVAL && errno != ESPIPE && errno != ENOSYS) {
    // This call may be the one that is told about a failed write; sync() would not hear of it.
    return system_error(errno, "write {}", path_);
  }
  static_cast<void>(::posix_fadvise(
      fd_.raw(), static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED));
  return {};
}

Status OutputFile::clear() {
  if (::ftruncate(fd_.raw(), 0) != 0) return system_error(errno, "empty {}", path_);
  return {};
}

Status OutputFile::close() {
  TRY(named(fd_.close()));
  return sync_folder_of(path_);
}

Result<OutputFile::Size> OutputFile::size() const {
  struct stat info {};
  if (::fstat(fd_.raw(), &info) != 0) return system_error(errno, "stat {}", path_);
  return Size{static_cast<std::uint64_t>(info.st_size),
              static_cast<std::uint64_t>(info.st_blocks) * kStatBlock};
}

}  // namespace kdump::capture
