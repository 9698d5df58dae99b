// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/multipath.h"

#include "base/text.h"
#include "capture/agent/claims.h"
#include "capture/agent/settled.h"

#include <algorithm>
#include <optional>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kPollInterval{200};
constexpr int kPatienceShare = 4;

struct Path {
  std::string name;
  std::string number;
  std::uint64_t sectors = 0;
  std::string sysfs_path;
  int rank = 0;  ///< the lower the better
};

/// An array may accept commands through a path and serve none (Documentation of SCSI's asymmetric
/// logical unit access; drivers/scsi/scsi_sysfs.c, sdev_show_access_state()).
int rank_of(const SysRoot& root, const std::string& name) {
  const std::string state = disk_attribute(root, name, "access_state");
  if (state == "active/optimized") return 0;
  if (state.empty()) return 1;
  return state == "active/non-optimized" ? 2 : 3;
}

std::vector<Path> find_paths(const SysRoot& root, const std::string& wwid) {
  std::vector<Path> paths;
  for (const std::string& name :
       root.list("/sys/class/block").value_or(std::vector<std::string>())) {
    const std::string folder = "/sys/class/block/" + name;
    if (root.exists(folder + "/partition") || root.exists(folder + "/dm")) continue;
    if (disk_attribute(root, name, "wwid") != wwid) continue;
    const auto size = parse_unsigned(root.read_value(folder + "/size").value_or("0"));
    const auto number = root.read_value(folder + "/dev");
    if (!size || *size == 0 || !number || !root.exists("/dev/" + name)) continue;
    paths.push_back(
        {name, *number, *size, root.resolve(folder).value_or(folder), rank_of(root, name)});
  }
  std::stable_sort(
      paths.begin(), paths.end(), [](const Path& a, const Path& b) { return a.rank < b.rank; });
  return paths;
}

/// Behind which devices of the host paths are missing.
std::vector<std::string> missing_paths(const config::PlannedMultipath& planned,
                                       std::vector<Path> paths) {
  std::vector<std::string> missing;
  for (const std::string& controller : planned.paths) {
    const auto found = std::find_if(paths.begin(), paths.end(), [&](const Path& path) {
      return path.sysfs_path.find("/" + controller + "/") != std::string::npos;
    });
    if (found == paths.end()) {
      missing.push_back(controller);
    } else {
      paths.erase(found);
    }
  }
  return missing;
}

/// Another size would be another disk, or a path that lies.
void keep_same_size(const CaptureContext& context, std::vector<Path>& paths) {
  std::erase_if(paths, [&](const Path& path) {
    const bool differs = path.sectors != paths.front().sectors;
    if (differs) {
      context.log.warning("the path {} has {} sectors, {} has {}: it is left out",
                          path.name,
                          path.sectors,
                          paths.front().name,
                          paths.front().sectors);
    }
    return differs;
  });
}

Status create(const CaptureContext& context,
              const config::PlannedMultipath& planned,
              std::vector<Path> paths,
              Deadline deadline) {
  keep_same_size(context, paths);
  std::vector<std::string> numbers;
  std::vector<std::string> names;
  for (const Path& path : paths) {
    numbers.push_back(path.number);
    names.push_back(path.name);
  }
  (void)TRY(context.system.create_mapped(
      {planned.name,
       planned.uuid,
       {multipath_row(paths.front().sectors, planned.handler, numbers)}},
      deadline));
  context.log.info("set up the multipath device {} over {}", planned.name, fmt::join(names, ", "));
  if (paths.size() < planned.paths.size()) {
    context.log.warning("{} has {} of {} paths; missing: one behind {}",
                        planned.name,
                        paths.size(),
                        planned.paths.size(),
                        fmt::join(missing_paths(planned, paths), ", one behind "));
  }
  return {};
}

/// The node of the device-mapper device with this UUID, once it is there.
std::optional<std::string> mapped_node(const SysRoot& root, const std::string& uuid) {
  for (const std::string& name :
       root.list("/sys/class/block").value_or(std::vector<std::string>())) {
    const auto found = root.read_value("/sys/class/block/" + name + "/dm/uuid");
    if (found && *found == uuid) return "/dev/" + name;
  }
  return std::nullopt;
}

}  // namespace

MapRow multipath_row(std::uint64_t sectors,
                     const std::string& handler,
                     const std::vector<std::string>& paths) {
  // drivers/md/dm-mpath.c, multipath_ctr(): features, handler, number of groups and the first one;
  // for each group its selector with its number of arguments, its paths, and of each its own
  // arguments. A group for each path: no other is used as long as one works.
  MapRow row{0, sectors, "multipath", "0 "};
  row.parameters += handler.empty() ? "0" : "1 " + handler;
  row.parameters += fmt::format(" {} 1", paths.size());
  for (const std::string& path : paths) {
    row.parameters += fmt::format(" round-robin 0 1 1 {} 1000", path);
  }
  return row;
}

Status set_up_multipath(const CaptureContext& context,
                        const config::PlannedMultipath& planned,
                        Deadline deadline) {
  const Deadline start = context.system.now();
  const Deadline enough = start + (deadline - start) / kPatienceShare;
  for (;;) {
    const auto paths = find_paths(context.root, planned.wwid);
    const Deadline now = context.system.now();
    const bool is_hopeless = is_given_up(context, start, deadline);
    const bool is_late = now >= enough || is_hopeless;
    if (paths.size() >= planned.paths.size() || (is_late && !paths.empty())) {
      return create(context, planned, paths, deadline);
    }
    if (is_hopeless) {
      return make_error(ErrorKind::kTimeout,
                        "none of the {} paths to the disk {} (WWID {}) appeared; on the host they "
                        "were behind {}",
                        planned.paths.size(),
                        planned.name,
                        planned.wwid,
                        fmt::join(planned.paths, ", "));
    }
    (void)context.system.wait_for_devices(std::min(now + kPollInterval, deadline));  // polled
  }
}

Status set_up_partition(const CaptureContext& context,
                        const config::PlannedPartition& planned,
                        Deadline deadline) {
  const auto disk = mapped_node(context.root, planned.disk);
  if (!disk) {
    return make_error(ErrorKind::kNotFound,
                      "the disk of the partition {} ({}) is not set up",
                      planned.name,
                      planned.disk);
  }
  const PartitionPlace place = TRY(context.system.find_partition(*disk, planned.number, deadline));
  const auto number = TRY(context.root.read_value("/sys/class/block/" + disk->substr(5) + "/dev"));
  const MapRow row{0, place.length, "linear", fmt::format("{} {}", number, place.start)};
  const std::string uuid = fmt::format("part{}-{}", planned.number, planned.disk);
  (void)TRY(context.system.create_mapped({planned.name, uuid, {row}}, deadline));
  context.log.info("set up the partition {}", planned.name);
  return {};
}

}  // namespace kdump::agent
