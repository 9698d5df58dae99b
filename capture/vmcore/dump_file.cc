// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/dump_file.h"

#include "base/fd.h"
#include "base/io.h"
#include "capture/vmcore/flattened_file.h"

#include <cerrno>
#include <string_view>
#include <sys/stat.h>

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
  if (!S_ISREG(info.st_mode)) {
    return make_error(ErrorKind::kUsage, "{}: neither /proc/vmcore nor a regular file", path);
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (!TRY(FlattenedFile::recognises(fd, size))) {
    return std::unique_ptr<DumpFile>(std::make_unique<PlainFile>(std::move(fd), size));
  }
  auto file = FlattenedFile::open(std::move(fd), size);
  if (!file) return std::move(file).error().with_context(path);
  return std::unique_ptr<DumpFile>(*std::move(file));
}

}  // namespace kdump::capture
