// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/dump_file.h"

#include "base/fd.h"
#include "base/io.h"
#include "capture/vmcore/flattened_file.h"

#include <cerrno>
#include <mutex>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::string_view kStandardInput = "-";

class PlainFile final : public DumpFile {
 public:
  PlainFile(Fd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

  Status read(std::uint64_t offset, std::span<std::byte> into) const override {
    return read_exact_at(fd_.raw(), into, offset);
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] int mappable_fd() const override { return fd_.raw(); }

 private:
  Fd fd_;
  std::uint64_t size_;
};

/// All reads of one open /proc/kcore go through one buffer of the kernel's, which no lock guards
/// (fs/proc/kcore.c: open_kcore, file->private_data): of two at a time one may get the other's
/// bytes.
class LiveKernelFile final : public DumpFile {
 public:
  LiveKernelFile(Fd fd, std::uint64_t size) : file_(std::move(fd), size) {}

  Status read(std::uint64_t offset, std::span<std::byte> into) const override {
    const std::lock_guard lock(mutex_);
    return file_.read(offset, into);
  }
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }

 private:
  PlainFile file_;
  mutable std::mutex mutex_;
};

/// Under whatever name it was opened.
bool is_live_kernel(const struct stat& opened) {
  struct stat live {};
  return ::stat(kLiveKernel, &live) == 0 && live.st_dev == opened.st_dev &&
         live.st_ino == opened.st_ino;
}

}  // namespace

Result<std::unique_ptr<DumpFile>> open_dump_file(const std::string& path) {
  if (path == kStandardInput) {
    return make_error(ErrorKind::kUsage,
                      "a dump cannot be read from standard input; save it to a file first, a "
                      "stream with 'kdump-collect makedumpfile -R FILE'");
  }
  Fd fd = TRY(Fd::open(path, O_RDONLY));
  struct stat info {};
  if (::fstat(fd.raw(), &info) != 0) return system_error(errno, "stat {}", path);
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    return make_error(
        ErrorKind::kUsage, "{}: neither /proc/vmcore nor a regular file or block device", path);
  }
  const off_t end = S_ISBLK(info.st_mode) ? ::lseek(fd.raw(), 0, SEEK_END) : info.st_size;
  if (end < 0) return system_error(errno, "size of {}", path);
  const auto size = static_cast<std::uint64_t>(end);
  if (is_live_kernel(info)) {
    return std::unique_ptr<DumpFile>(std::make_unique<LiveKernelFile>(std::move(fd), size));
  }
  if (!TRY(FlattenedFile::recognises(fd, size))) {
    return std::unique_ptr<DumpFile>(std::make_unique<PlainFile>(std::move(fd), size));
  }
  auto file = FlattenedFile::open(std::move(fd), size);
  if (!file) return std::move(file).error().with_context(path);
  return std::unique_ptr<DumpFile>(*std::move(file));
}

}  // namespace kdump::capture
