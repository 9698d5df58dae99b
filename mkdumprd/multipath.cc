// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/multipath.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/stacked_device.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

// multipath-tools, libmultipath/devmapper.h (UUID_PREFIX) and kpartx/kpartx.c.
constexpr std::string_view kDisk = "mpath-";
constexpr std::string_view kPartition = "part";

std::string attribute(const SysRoot& root, const std::string& path) {
  return root.read_value(path).value_or(std::string());
}

/// NVMe disks have it themselves, SCSI disks below their device.
std::string wwid_of(const SysRoot& root, const std::string& name) {
  const std::string device = "/sys/class/block/" + name;
  const std::string own = attribute(root, device + "/wwid");
  return own.empty() ? attribute(root, device + "/device/wwid") : own;
}

/// scsi_dh's sysfs attribute (drivers/scsi/scsi_sysfs.c, sdev_show_dh_state()).
std::string handler_of(const SysRoot& root, const std::string& name) {
  const std::string state = attribute(root, "/sys/class/block/" + name + "/device/dh_state");
  return state == "detached" ? std::string() : state;
}

/// The controller that the path goes through, by a name that is the same in the capture kernel: the
/// last device on a bus that counts no hosts or targets.
std::string controller_of(const BlockDevice& path) {
  for (auto device = path.stack.rbegin(); device != path.stack.rend(); ++device) {
    const std::string_view name = name_of(device->sysfs_path);
    // 0000:00:05.0
    const bool is_pci = name.size() > 3 && name[name.size() - 2] == '.' &&
                        std::count(name.begin(), name.end(), ':') == 2;
    if (is_pci) return std::string(name);
  }
  return path.stack.empty() ? path.name : std::string(name_of(path.stack.front().sysfs_path));
}

void add_disk(const SysRoot& root,
              std::string name,
              const std::string& uuid,
              const std::vector<BlockDevice>& paths,
              BlockDevice& out) {
  config::PlannedMultipath planned{
      .name = std::move(name), .uuid = uuid, .wwid = {}, .handler = {}, .paths = {}};
  for (const BlockDevice& path : paths) {
    const std::string wwid = wwid_of(root, path.name);
    if (wwid.empty() || (!planned.wwid.empty() && wwid != planned.wwid)) {
      return block(out,
                   fmt::format("a multipath device, of whose paths {} has {} in sysfs",
                               path.name,
                               wwid.empty() ? "no wwid" : "another wwid than the rest"));
    }
    planned.wwid = wwid;
    if (planned.handler.empty()) planned.handler = handler_of(root, path.name);
    planned.paths.push_back(controller_of(path));
  }
  if (paths.empty()) return block(out, "a multipath device without a path");
  std::sort(planned.paths.begin(), planned.paths.end());
  for (const char* module : {"dm_mod", "dm_multipath", "dm_round_robin"}) {
    add_new(module, out.volume_modules);
  }
  if (!planned.handler.empty()) add_new("scsi_dh_" + planned.handler, out.volume_modules);
  add_new(config::PlannedVolume(std::move(planned)), out.volumes);
}

}  // namespace

Result<bool> add_multipath(const SysRoot& root,
                           const std::string& disk,
                           const std::string& dm_uuid,
                           int depth,
                           BlockDevice& out) {
  std::string name = attribute(root, disk + "/dm/name");
  if (dm_uuid.starts_with(kDisk)) {
    const auto paths = TRY(read_slaves(root, disk, depth, out));
    add_disk(root, std::move(name), dm_uuid, paths, out);
    return true;
  }
  const auto dash = dm_uuid.find('-');
  if (!dm_uuid.starts_with(kPartition) || dash == std::string::npos) return false;
  const std::string whole = dm_uuid.substr(dash + 1);
  const auto number =
      parse_unsigned(std::string_view(dm_uuid).substr(kPartition.size(), dash - kPartition.size()));
  if (!whole.starts_with(kDisk) || !number || *number == 0) return false;
  (void)TRY(read_slaves(root, disk, depth, out));
  add_new(config::PlannedVolume(
              config::PlannedPartition{std::move(name), whole, static_cast<unsigned>(*number)}),
          out.volumes);
  return true;
}

}  // namespace kdump::mkdumprd
