// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_file.h"

#include "base/atomic_file.h"
#include "base/fd.h"

#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::agent {

Result<std::uint64_t> publish_dump_file(const std::string& incomplete, const std::string& name) {
  Fd file = TRY(Fd::open(incomplete, O_RDWR | O_NOFOLLOW));
  struct stat info {};
  if (::fstat(file.raw(), &info) != 0) return system_error(errno, "cannot examine {}", incomplete);
  if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    return make_error(ErrorKind::kBadData, "{} is empty", incomplete);
  }
  if (::fchmod(file.raw(), 0600) != 0) {
    return system_error(errno, "cannot set the mode of {}", incomplete);
  }
  if (::fsync(file.raw()) != 0) return system_error(errno, "cannot sync {}", incomplete);
  TRY(file.close());
  if (::rename(incomplete.c_str(), name.c_str()) != 0) {
    return system_error(errno, "cannot rename {} to {}", incomplete, name);
  }
  TRY(sync_folder_of(name));
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace kdump::agent
