// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace kdump {

/// A file that appears under its name only when it is whole and on the disk: written under a
/// temporary name in the same folder, fsync'ed, renamed, the folder fsync'ed. Unless commit()
/// succeeded, the temporary file is removed.
class AtomicFile {
 public:
  /// `mode` is set exactly (the umask does not count).
  static Result<AtomicFile> create(const std::string& path, mode_t mode);

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  AtomicFile(AtomicFile&& other) noexcept = default;
  AtomicFile& operator=(AtomicFile&& other) noexcept = delete;
  ~AtomicFile();

  [[nodiscard]] int fd() const { return fd_.raw(); }
  Status write(std::string_view text);
  Status commit();

 private:
  AtomicFile(Fd fd, std::string temporary, std::string path)
      : fd_(std::move(fd)), temporary_(std::move(temporary)), path_(std::move(path)) {}

  Fd fd_;
  std::string temporary_;
  std::string path_;
};

/// Makes a completed rename or creation in the folder of `path` durable.
Status sync_folder_of(const std::string& path);

/// create, write, commit.
Status write_file_atomically(const std::string& path, mode_t mode, std::string_view text);

}  // namespace kdump
