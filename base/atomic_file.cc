// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/atomic_file.h"

#include "base/io.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump {

Result<AtomicFile> AtomicFile::create(const std::string& path, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return system_error(errno, "cannot create {}", path);
  AtomicFile file(std::move(fd), std::move(temporary), path);
  if (::fchmod(file.fd(), mode) != 0) return system_error(errno, "cannot set the mode of {}", path);
  return file;
}

AtomicFile::~AtomicFile() {
  if (fd_.valid()) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::string_view text) {
  auto status = write_all(fd_.raw(), text);
  if (!status) return std::move(status).error().with_context(path_);
  return {};
}

Status AtomicFile::commit() {
  if (::fsync(fd_.raw()) != 0) return system_error(errno, "cannot sync {}", temporary_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return system_error(errno, "cannot rename {} to {}", temporary_, path_);
  }
  TRY(fd_.close());
  return sync_folder_of(path_);
}

Status sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const Fd fd = TRY(Fd::open(folder, O_RDONLY | O_DIRECTORY));
  // Some file systems (vfat before 5.x, FUSE) cannot sync a folder and say EINVAL; the rename
  // itself has happened.
  if (::fsync(fd.raw()) != 0 && errno != EINVAL)
    return system_error(errno, "cannot sync {}", folder);
  return {};
}

Status write_file_atomically(const std::string& path, mode_t mode, std::string_view text) {
  AtomicFile file = TRY(AtomicFile::create(path, mode));
  TRY(file.write(text));
  return file.commit();
}

}  // namespace kdump
