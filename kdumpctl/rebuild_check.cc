// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rebuild_check.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <sys/stat.h>
#include <utility>

namespace kdump::ctl {
namespace {

using FileTime = std::pair<std::int64_t, std::int64_t>;  // seconds, nanoseconds

FileTime modified(const struct stat& status) {
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

/// A package manager sets the time of modification to that of the build.
FileTime installed(const struct stat& status) {
  return {status.st_ctim.tv_sec, status.st_ctim.tv_nsec};
}

struct Input {
  std::string path;
  FileTime (*time)(const struct stat& status) = modified;
};

/// Of a symbolic link and of what it leads to, the later one. Absent: nothing.
Result<std::optional<FileTime>> time_of(const SysRoot& root,
                                        const std::string& path,
                                        FileTime (*time)(const struct stat& status) = modified) {
  struct stat link = {};
  struct stat file = {};
  const auto resolved = root.resolve(path);
  if (!resolved && resolved.error().kind == ErrorKind::kNotFound) return std::optional<FileTime>();
  if (!resolved) return resolved.error();
  if (::lstat(root.path(path).c_str(), &link) != 0 ||
      ::stat(root.path(*resolved).c_str(), &file) != 0) {
    return system_error(errno, "cannot look at {}", root.path(path));
  }
  return std::optional<FileTime>(std::max(time(link), time(file)));
}

}  // namespace

Result<RebuildDecision> check_rebuild(const SysRoot& root,
                                      const config::KdumpConfig& config,
                                      const CaptureKernel& target) {
  using Kind = RebuildDecision::Kind;
  const auto built = TRY(time_of(root, target.image));
  if (config.force_no_rebuild) {
    if (built) return RebuildDecision{};
    return make_error(ErrorKind::kNotFound,
                      "No kdump initial ramdisk found.\n"
                      "{} does not exist, and force_no_rebuild in /etc/kdump.conf forbids to build "
                      "it. Run \"kdumpctl rebuild\" once, or remove force_no_rebuild",
                      root.path(target.image));
  }
  if (!built) return RebuildDecision{Kind::kMissing, {}};
  if (config.force_rebuild) return RebuildDecision{Kind::kForced, {}};
  RebuildDecision decision;
  for (const Input& input : {Input{"/etc/kdump.conf"},
                             Input{target.kernel},
                             Input{KDUMP_AGENT_PATH, installed},
                             Input{KDUMP_COLLECTOR_PATH, installed}}) {
    const auto changed = TRY(time_of(root, input.path, input.time));
    if (changed && *changed > *built) decision.changed.push_back(input.path);
  }
  if (!decision.changed.empty()) decision.kind = Kind::kStale;
  return decision;
}

}  // namespace kdump::ctl
