// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/virtiofs_target.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kType = "virtiofs";

Result<std::vector<StackDevice>> read_drivers(const SysRoot& root, const std::string& tag) {
  std::vector<StackDevice> stack;
  const std::string folder = "/sys/bus/virtio/drivers/virtiofs";
  const auto names = root.list(folder);
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    if (!name.starts_with("virtio")) continue;
    for (StackDevice& part : read_device_stack(root, TRY(root.resolve(join(folder, name))))) {
      if (std::find(stack.begin(), stack.end(), part) == stack.end()) {
        stack.push_back(std::move(part));
      }
    }
  }
  if (!stack.empty()) return stack;
  return make_error(ErrorKind::kNotFound,
                    "Dump target \"virtiofs {}\" does not exist: this machine has no virtiofs "
                    "device, or its module is not loaded (modprobe virtiofs)",
                    escape_control(tag));
}

Status check_mount(const SysRoot& root,
                   const MountPoint& mount,
                   const std::string& tag,
                   const std::string& path) {
  if (mount.read_only()) {
    return make_error(ErrorKind::kUsage,
                      "The dump target \"virtiofs {}\" is mounted read-only on {}. Remount it "
                      "(mount -o remount,rw {})",
                      escape_control(tag),
                      mount.mount_point,
                      mount.mount_point);
  }
  if (root.is_directory(join(mount.mount_point, path))) return {};
  return make_error(ErrorKind::kUsage,
                    "Dump path \"{}\" does not exist in dump target \"virtiofs {}\". Create it "
                    "(mkdir -p {}) or name another with \"path\" in kdump.conf",
                    path,
                    escape_control(tag),
                    join(mount.mount_point, path));
}

}  // namespace

Result<VirtiofsPlan> plan_virtiofs(const SysRoot& root,
                                   const MountTable& mounts,
                                   const config::VirtiofsTarget& target,
                                   const std::string& path) {
  VirtiofsPlan plan;
  plan.facts.device.stack = TRY(read_drivers(root, target.tag));
  plan.facts.probed.type = kType;
  plan.place.fs_type = kType;
  plan.place.source = target.tag;
  plan.place.directory = path;
  const MountPoint* mount = mounts.of_source(target.tag);
  if (mount != nullptr && mount->fs_type == kType) {
    TRY(check_mount(root, *mount, target.tag, path));
  } else {
    plan.warnings.push_back(fmt::format(
        "Dump target \"virtiofs {}\" is not mounted; whether \"{}\" exists on it could not be "
        "checked",
        escape_control(target.tag),
        path));
  }
  return plan;
}

}  // namespace kdump::mkdumprd
