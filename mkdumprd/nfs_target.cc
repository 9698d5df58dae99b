// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/nfs_target.h"

#include "base/text.h"
#include "config/target_syntax.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/mount_options.h"
#include "mkdumprd/nfs_options.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

bool is_nfs(const MountPoint& mount) { return mount.fs_type == "nfs" || mount.fs_type == "nfs4"; }

/// As mountinfo and fstab write it.
std::string source_of(const config::NfsTarget& target) {
  const bool is_v6 = target.server.find(':') != std::string::npos;
  return fmt::format(
      "{}{}{}:{}", is_v6 ? "[" : "", target.server, is_v6 ? "]" : "", target.export_path);
}

/// The host's own mount of the export.
const MountPoint* mount_of(const MountTable& mounts, const config::NfsTarget& target) {
  const MountPoint* mount = mounts.of_source(source_of(target));
  return mount != nullptr && is_nfs(*mount) ? mount : nullptr;
}

Status check_mount(const SysRoot& root,
                   const MountPoint& mount,
                   const config::NfsTarget& target,
                   const std::string& path,
                   MissingPath missing) {
  if (mount.read_only()) {
    return make_error(ErrorKind::kUsage,
                      "The dump target \"nfs {}\" is mounted read-only on {}. Remount it (mount -o "
                      "remount,rw {})",
                      escape_control(source_of(target)),
                      mount.mount_point,
                      mount.mount_point);
  }
  const std::string folder = join(mount.mount_point, path);
  if (missing == MissingPath::kMadeByAgent || root.is_directory(folder)) return {};
  return make_error(ErrorKind::kUsage,
                    "Dump path \"{}\" does not exist in dump target \"nfs {}\". Create it (mkdir "
                    "-p {}) or name another with \"path\" in kdump.conf",
                    path,
                    escape_control(source_of(target)),
                    folder);
}

Result<NfsOptions> choose_options(const SysRoot& root,
                                  const config::NfsTarget& target,
                                  const MountPoint* mount) {
  if (!target.options.empty()) {
    return compile_nfs_options(target.options, NfsOptionSource::kAdministrator);
  }
  if (const auto row = TRY(fstab_options(root, {source_of(target)}))) {
    NfsOptions out = TRY(compile_nfs_options(*row, NfsOptionSource::kAdministrator));
    if (mount == nullptr) return out;
    // What the two have agreed on since.
    const NfsOptions seen =
        TRY(compile_nfs_options(mount->super_options, NfsOptionSource::kRunningSystem));
    out.versions = seen.versions;
    out.address = seen.address;
    return out;
  }
  if (mount != nullptr) {
    return compile_nfs_options(mount->mount_options + "," + mount->super_options,
                               NfsOptionSource::kRunningSystem);
  }
  return compile_nfs_options("", NfsOptionSource::kAdministrator);
}

/// The kernel asks for these by name while it mounts, and the image has no modprobe.
std::vector<ModuleWish> wish_client(const std::vector<std::string>& versions) {
  std::vector<ModuleWish> wishes;
  const auto wish = [&wishes](const std::string& name) {
    wishes.push_back({.names = {name},
                      .aliases = {},
                      .required = false,
                      .reason = "file system of the dump target"});
  };
  const auto is_v4 = [](const std::string& version) { return version.starts_with('4'); };
  wishes.push_back({.names = {"nfs"},
                    .aliases = {"fs-nfs"},
                    .required = true,
                    .reason = "file system of the dump target"});
  if (!std::all_of(versions.begin(), versions.end(), is_v4)) wish("nfsv3");
  if (std::any_of(versions.begin(), versions.end(), is_v4)) wish("nfsv4");
  return wishes;
}

}  // namespace

std::optional<NfsPath> nfs_path_of(const MountPoint& mount, const std::string& host_path) {
  auto target = is_nfs(mount) ? config::parse_nfs_target(mount.source) : std::nullopt;
  if (!target) return std::nullopt;
  std::string_view below = host_path;
  if (mount.mount_point != "/") below.remove_prefix(mount.mount_point.size());
  // mountinfo's source names the folder of the server that is seen here, whatever was mounted.
  return NfsPath{std::move(*target), join("/", below)};
}

Result<NfsPlan> plan_nfs(const SysRoot& root,
                         const MountTable& mounts,
                         HostNetwork& network,
                         const config::NfsTarget& target,
                         const std::string& path,
                         MissingPath missing) {
  NfsPlan plan;
  const MountPoint* mount = mount_of(mounts, target);
  if (mount != nullptr) {
    TRY(check_mount(root, *mount, target, path, missing));
  } else {
    plan.warnings.push_back(fmt::format(
        "Dump target \"nfs {}\" is not mounted; whether \"{}\" exists on it could not be checked",
        escape_control(source_of(target)),
        path));
  }
  const NfsOptions options = TRY(choose_options(root, target, mount));
  const auto resolved = network.resolve(target.server);
  std::vector<IpAddress> addresses = resolved.value_or(std::vector<IpAddress>());
  // The one that is in use works, whatever the name service says at the moment.
  if (const auto used = IpAddress::parse(options.address)) {
    std::erase(addresses, *used);
    addresses.insert(addresses.begin(), *used);
  }
  if (addresses.empty() && !resolved) return resolved.error();
  plan.network = TRY(plan_network(root, network, target.server, addresses));
  plan.nfs = {target.server,
              target.export_path,
              plan.network.addresses,
              options.versions,
              options.mount_flags,
              options.text,
              path};
  plan.modules = wish_client(options.versions);
  return plan;
}

}  // namespace kdump::mkdumprd
