// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/raid_array.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"

#include <cerrno>
#include <chrono>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>

namespace kdump::agent {
namespace {

constexpr const char* kParameters = "/sys/module/md_mod/parameters";

// A name that no array of this kernel has: md127, md126 ... as mdadm chooses.
Result<std::string> new_array(const SysRoot& root) {
  for (int number = 127; number > 0; --number) {
    const std::string name = fmt::format("md{}", number);
    if (root.exists("/sys/class/block/" + name)) continue;
    // drivers/md/md.c, add_named_array()
    TRY(write_attribute(root.path(fmt::format("{}/new_array", kParameters)), name));
    return name;
  }
  return make_error(ErrorKind::kUnsupported, "there are 127 md arrays already");
}

Result<Fd> open_node(const std::string& node) {
  constexpr int kAttempts = 50;  // devtmpfs makes the node a moment later
  for (int attempt = 1;; ++attempt) {
    auto fd = Fd::open(node, O_RDWR);
    if (fd || attempt == kAttempts) return fd;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Status add_member(const Fd& array, const std::string& member) {
  struct stat status {};
  if (::stat(member.c_str(), &status) != 0) return system_error(errno, "{}", member);
  mdu_disk_info_t disk{};
  disk.major = static_cast<int>(major(status.st_rdev));
  disk.minor = static_cast<int>(minor(status.st_rdev));
  if (::ioctl(array.raw(), ADD_NEW_DISK, &disk) == 0) return {};
  return system_error(errno, "cannot add {} to the md array", member);
}

}  // namespace

Result<RaidArray> array_of_version(const std::string& metadata_version) {
  const auto parts = split(metadata_version, '.');
  const auto first = parts.size() == 2 ? parse_unsigned(parts[0]) : std::nullopt;
  const auto second = parts.size() == 2 ? parse_unsigned(parts[1]) : std::nullopt;
  if (!first || !second || *first > 1 || *second > 90) {
    return make_error(
        ErrorKind::kUnsupported, "md metadata '{}'", escape_control(metadata_version));
  }
  RaidArray array;
  array.metadata_major = static_cast<int>(*first);
  array.metadata_minor = static_cast<int>(*second);
  return array;
}

Result<std::string> start_raid_array(const SysRoot& root, const RaidArray& array) {
  // Started read-only at first, so that nothing is resynchronised before it is forbidden.
  TRY(write_attribute(root.path(fmt::format("{}/start_ro", kParameters)), "1"));
  const std::string name = TRY(new_array(root));
  const std::string node = root.path("/dev/" + name);
  const Fd fd = TRY(open_node(node));
  mdu_array_info_t info{};  // raid_disks 0: the superblocks say the rest
  info.major_version = array.metadata_major;
  info.minor_version = array.metadata_minor;
  if (::ioctl(fd.raw(), SET_ARRAY_INFO, &info) != 0) {
    return system_error(errno, "cannot set up the md array {}", name);
  }
  for (const std::string& member : array.members) TRY(add_member(fd, member));
  if (::ioctl(fd.raw(), RUN_ARRAY, nullptr) != 0) {
    // drivers/md/raid5.c, raid5_run(): "cannot start dirty degraded array", unless it is forced;
    // what was being written may be lost then, which is for the host's administrator to decide.
    constexpr const char* kDirty =
        "; one that lacks a member and was being written to when the kernel crashed is not started "
        "by itself (see the kernel's messages)";
    return system_error(errno, "cannot start the md array {}{}", name, errno == EIO ? kDirty : "");
  }
  // Not every level has something to synchronise (raid0 has no such file).
  const std::string action = root.path("/sys/class/block/" + name + "/md/sync_action");
  const auto frozen = write_attribute(action, "frozen");
  if (!frozen && frozen.error().kind != ErrorKind::kNotFound) return frozen.error();
  return "/dev/" + name;
}

}  // namespace kdump::agent
