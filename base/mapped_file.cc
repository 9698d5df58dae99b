// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mapped_file.h"

#include <cerrno>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace kdump {

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  struct stat info {};
  if (::fstat(fd.raw(), &info) != 0) return system_error(errno, "cannot stat {}", path);
  if (!S_ISREG(info.st_mode)) {
    return make_error(ErrorKind::kBadData, "{}: not a regular file", path);
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return MappedFile();
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.raw(), 0);
  if (address == MAP_FAILED) return system_error(errno, "cannot map {}", path);
  return MappedFile({static_cast<const std::byte*>(address), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  // munmap takes a mutable pointer although nothing is written through it.
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());  // NOLINT
}

}  // namespace kdump
