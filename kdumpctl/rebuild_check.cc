// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rebuild_check.h"

#include "base/atomic_file.h"

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

std::string manifest_path(const CaptureKernel& target) {
  return target.image + config::kManifestSuffix;
}

/// Nothing where there is none, or one of another image: that one was replaced by hand. Keeping a
/// hard link to an image changes its inode's time, which therefore does not count.
Result<std::optional<config::ImageManifest>> manifest_of(const SysRoot& root,
                                                         const CaptureKernel& target) {
  const auto text = root.read(manifest_path(target));
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return std::optional<config::ImageManifest>();
  }
  if (!text) return text.error();
  auto manifest = config::manifest_from_json(*text, root.path(manifest_path(target)));
  // One that this version does not understand says nothing.
  if (!manifest) return std::optional<config::ImageManifest>();
  const config::FileStamp now = TRY(config::stamp_of(root, target.image));
  if (now.size != manifest->image.size || now.modified != manifest->image.modified) {
    return std::optional<config::ImageManifest>();
  }
  return std::optional(std::move(*manifest));
}

std::string difference(std::string_view what, const std::string& was, const std::string& is) {
  return fmt::format("{}: was \"{}\", is \"{}\"", what, was, is);
}

Result<RebuildDecision> by_content(const SysRoot& root,
                                   const config::KdumpConfig& config,
                                   const config::Sysconfig& sysconfig,
                                   const CaptureKernel& target,
                                   config::ImageManifest manifest) {
  const config::ManifestFacts now = TRY(config::read_manifest_facts(root, config));
  config::ManifestComparison found = config::compare_with_host(root, now, manifest);
  RebuildDecision decision;
  decision.files = std::move(found.files);
  decision.facts = std::move(found.facts);
  const std::string arguments = fmt::format("{}", fmt::join(sysconfig.mkdumprd_args, " "));
  if (manifest.arguments != arguments) {
    decision.facts.push_back(difference("MKDUMPRD_ARGS", manifest.arguments, arguments));
  }
  if (manifest.kernel != target.version) {
    decision.facts.push_back(difference("kernel", manifest.kernel, target.version));
  }
  if (!decision.changes().empty()) decision.kind = RebuildDecision::Kind::kStale;
  if (!decision.rebuild() && found.stamps_renewed) decision.renewed = std::move(manifest);
  return decision;
}

Result<RebuildDecision> by_time(const SysRoot& root,
                                const CaptureKernel& target,
                                const FileTime& built) {
  RebuildDecision decision;
  for (const Input& input : {Input{"/etc/kdump.conf"},
                             Input{target.kernel},
                             Input{KDUMP_AGENT_PATH, installed},
                             Input{KDUMP_COLLECTOR_PATH, installed}}) {
    const auto changed = TRY(time_of(root, input.path, input.time));
    if (changed && *changed > built) decision.files.push_back(input.path);
  }
  if (!decision.files.empty()) decision.kind = RebuildDecision::Kind::kStale;
  return decision;
}

}  // namespace

std::vector<std::string> RebuildDecision::changes() const {
  std::vector<std::string> all = files;
  all.insert(all.end(), facts.begin(), facts.end());
  return all;
}

Result<RebuildDecision> check_rebuild(const SysRoot& root,
                                      const config::KdumpConfig& config,
                                      const config::Sysconfig& sysconfig,
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
  if (!built) return RebuildDecision{Kind::kMissing, {}, {}};
  if (config.force_rebuild) return RebuildDecision{Kind::kForced, {}, {}};
  auto manifest = TRY(manifest_of(root, target));
  if (manifest) return by_content(root, config, sysconfig, target, std::move(*manifest));
  return by_time(root, target, *built);
}

Status keep_renewed_manifest(const SysRoot& root,
                             const CaptureKernel& target,
                             const RebuildDecision& decision) {
  if (!decision.renewed) return {};
  return write_file_atomically(root.path(manifest_path(target)),
                               0644,
                               config::to_json(*decision.renewed, config::Stamps::kWith));
}

bool is_as_built(const SysRoot& root, const CaptureKernel& target) {
  const auto text = root.read(manifest_path(target));
  if (!text) return false;
  const auto manifest = config::manifest_from_json(*text, root.path(manifest_path(target)));
  const auto now = config::stamp_of(root, target.image);
  return manifest && now && now->modified == manifest->image.modified;
}

}  // namespace kdump::ctl
