// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/busy_drivers.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace kdump::agent {
namespace {

// "virtio_blk 28672 0 - Loading 0x..." (kernel/module/procfs.c, m_show()).
bool module_is_loading(const SysRoot& root) {
  constexpr std::size_t kState = 4;
  const auto text = root.read("/proc/modules");
  if (!text) return false;
  const auto lines = split_lines(*text);
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    const auto words = split_words(line);
    return words.size() > kState && words[kState] == "Loading";
  });
}

// Type 0 is a disk (TYPE_DISK of include/scsi/scsi_proto.h).
bool scsi_disk_is_coming(const SysRoot& root) {
  const std::string folder = "/sys/bus/scsi/devices";
  const auto names = root.list(folder);
  return names && std::any_of(names->begin(), names->end(), [&](const std::string& name) {
           const std::string device = folder + "/" + name;
           return root.read_value(device + "/type").value_or("") == "0" &&
                  !root.is_directory(device + "/block");
         });
}

// nvme_sysfs_show_state() of drivers/nvme/host.
bool nvme_is_coming(const SysRoot& root) {
  constexpr std::array<std::string_view, 3> kUnready = {"new", "resetting", "connecting"};
  const std::string folder = "/sys/class/nvme";
  const auto names = root.list(folder);
  return names && std::any_of(names->begin(), names->end(), [&](const std::string& name) {
           const auto state = root.read_value(folder + "/" + name + "/state");
           return state && std::find(kUnready.begin(), kUnready.end(), *state) != kUnready.end();
         });
}

}  // namespace

bool drivers_are_busy(const SysRoot& root) {
  return module_is_loading(root) || scsi_disk_is_coming(root) || nvme_is_coming(root);
}

}  // namespace kdump::agent
