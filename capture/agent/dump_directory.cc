// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/dump_directory.h"

#include "base/atomic_file.h"
#include "base/sys_root.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

namespace kdump::agent {
namespace {

constexpr mode_t kMode = 0700;
constexpr int kMostAttempts = 100;

// The directory's path inside the target once it exists; `parent` is one already.
Result<std::string> enter(const SysRoot& target, const std::string& parent, std::string_view name) {
  const std::string next = fmt::format("{}/{}", parent == "/" ? "" : parent, name);
  auto resolved = target.resolve(next);
  if (!resolved && resolved.error().kind == ErrorKind::kNotFound) {
    const std::string path = target.path(next);
    if (::mkdir(path.c_str(), kMode) != 0) return system_error(errno, "cannot create {}", path);
    TRY(sync_folder_of(path));
    return next;
  }
  if (resolved && !target.is_directory(*resolved)) {
    return make_error(ErrorKind::kSystem, "{} is not a directory", target.path(*resolved));
  }
  return resolved;
}

}  // namespace

std::string dump_directory_name(const std::string& host, const std::tm& time) {
  return fmt::format("{}-{:04}-{:02}-{:02}-{:02}:{:02}:{:02}",
                     host,
                     time.tm_year + 1900,
                     time.tm_mon + 1,
                     time.tm_mday,
                     time.tm_hour,
                     time.tm_min,
                     time.tm_sec);
}

Result<std::string> create_dump_directory(const std::string& mount_point,
                                          const std::string& directory,
                                          const std::string& name) {
  const SysRoot target(mount_point);
  std::string parent = "/";
  for (const std::string_view part : split(directory, '/')) {
    if (!part.empty()) parent = TRY(enter(target, parent, part));
  }
  std::string wanted = target.path(fmt::format("{}/{}", parent == "/" ? "" : parent, name));
  for (int attempt = 1; attempt <= kMostAttempts; ++attempt) {
    const std::string path = attempt == 1 ? wanted : fmt::format("{}-{}", wanted, attempt);
    if (::mkdir(path.c_str(), kMode) == 0) {
      TRY(sync_folder_of(path));
      return path;
    }
    const std::size_t file_name = wanted.rfind('/') + 1;
    if (errno == EINVAL && wanted.find(':', file_name) != std::string::npos) {
      // FAT has no colons in names.
      std::replace(wanted.begin() + static_cast<std::ptrdiff_t>(file_name), wanted.end(), ':', '-');
      --attempt;
      continue;
    }
    if (errno != EEXIST) return system_error(errno, "cannot create {}", path);
  }
  return make_error(
      ErrorKind::kSystem, "cannot create {}: {} of that name exist", wanted, kMostAttempts);
}

}  // namespace kdump::agent
