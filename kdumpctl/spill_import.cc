// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/spill_import.h"

#include "base/atomic_file.h"
#include "base/fd.h"
#include "config/device_node.h"
#include "config/spill_area.h"
#include "kdumpctl/failure_import.h"

namespace kdump::ctl {
namespace {

Result<std::string> keep_content(const SysRoot& root,
                                 const config::SpillContent& content,
                                 const std::string& folder) {
  const std::string file = TRY(keep_failure_record(root, folder, content.record));
  const std::string reason = reason_of(content.record);
  if (content.dmesg.empty()) {
    return fmt::format("The last capture could save nothing: {} (see {})", reason, file);
  }
  const std::string dmesg = dmesg_beside(file);
  TRY(write_file_atomically(root.path(dmesg), 0600, content.dmesg));
  return fmt::format(
      "The last capture could save nothing: {} (see {}, and {} for the crashed "
      "kernel's messages{})",
      reason,
      file,
      dmesg,
      content.is_cut ? " as far as there was room for them" : "");
}

Status mark_taken(const std::string& path) {
  Fd device = TRY(Fd::open(path, O_RDWR));
  TRY(config::mark_spill_area_taken(device.raw()));
  return device.close();
}

Error about(const std::string& node, Error error) {
  if (error.kind == ErrorKind::kBadData) {
    error.message += fmt::format(
        "; when nobody needs what is there, clear it: dd if=/dev/zero of={} bs=4096 count=1", node);
  }
  return std::move(error).with_context(node);
}

}  // namespace

Result<std::optional<std::string>> fetch_spill_area(const SysRoot& root,
                                                    const config::KdumpConfig& config,
                                                    const std::string& folder) {
  if (!config.spill_device) return std::optional<std::string>();
  const std::string node = config::device_node(root, config.spill_device->device);
  // Only to read: udev looks anew at each device that was open for writing.
  const Fd device = TRY(Fd::open(root.path(node), O_RDONLY));
  auto content = config::read_spill_area(device.raw());
  if (!content) return about(node, std::move(content).error());
  if (!*content) return std::optional<std::string>();
  std::string told = TRY(keep_content(root, **content, folder));
  if (auto taken = mark_taken(root.path(node)); !taken) {
    return about(node, std::move(taken).error());
  }
  return std::optional(std::move(told));
}

}  // namespace kdump::ctl
