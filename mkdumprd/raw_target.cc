// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/raw_target.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace kdump::mkdumprd {
namespace {

using config::PlannedDevice;

bool is_swap(const SysRoot& root, const std::string& node) {
  const auto swaps = root.read("/proc/swaps");
  if (!swaps) return false;
  const auto lines = split_lines(*swaps);
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    const auto words = split_words(line);
    return !words.empty() && words.front() == node;
  });
}

Error refuse(const std::string& name, const std::string& why) {
  return make_error(ErrorKind::kUsage,
                    "{} {}, and it would be overwritten. Name a partition that nothing else uses",
                    name,
                    why);
}

/// What still names this disk in the capture kernel.
std::optional<PlannedDevice> lasting_name(const SysRoot& root, const TargetFacts& facts) {
  using By = PlannedDevice::By;
  if (!facts.probed.part_uuid.empty()) return PlannedDevice{By::kPartUuid, facts.probed.part_uuid};
  // The agent gives its volumes the names that they have here; md arrays have none.
  const std::string folder = "/sys/class/block/" + facts.device.name;
  const auto mapped = root.read_value(folder + "/dm/name");
  if (mapped && !mapped->empty()) return PlannedDevice{By::kMapped, *mapped};
  for (const By by : {By::kWwid, By::kSerial}) {
    const std::string attribute = by == By::kWwid ? "wwid" : "serial";
    for (const std::string place : {"", "device/"}) {
      const auto value = root.read_value(fmt::format("{}/{}{}", folder, place, attribute));
      if (value && !value->empty()) return PlannedDevice{by, *value};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<PlannedDevice> plan_overwritten_device(const SysRoot& root,
                                              const std::string& name,
                                              const TargetFacts& facts) {
  if (facts.mount) return refuse(name, "is mounted on " + facts.mount->mount_point);
  if (facts.is_part_of_another) return refuse(name, "is part of a volume or an array");
  if (facts.has_partitions) return refuse(name, "has partitions");
  if (is_swap(root, facts.device.node)) return refuse(name, "is used as swap space");
  if (!facts.device.obstacle.empty()) {
    return make_error(ErrorKind::kUnsupported,
                      "{} lies on {}, which is not supported",
                      name,
                      facts.device.obstacle);
  }
  const auto lasting = lasting_name(root, facts);
  if (lasting) return *lasting;
  return make_error(ErrorKind::kUsage,
                    "{} has neither a PARTUUID nor a serial number: in the capture kernel "
                    "another disk may have its name. Make a partition on it and name that",
                    name);
}

Result<RawTargetPlan> plan_raw_target(const SysRoot& root,
                                      const config::RawTarget& target,
                                      const TargetFacts& facts) {
  const std::string name = fmt::format("The dump target \"raw {}\"", escape_control(target.device));
  PlannedDevice device = TRY(plan_overwritten_device(root, name, facts));
  RawTargetPlan plan{{std::move(device)}, facts.device.warnings};
  if (!facts.probed.type.empty()) {
    plan.warnings.push_back(
        fmt::format("Detected '{}' signature on {}: no dump will be written over it. Empty it with "
                    "\"wipefs -a {}\" if it is meant for dumps",
                    escape_control(facts.probed.type),
                    facts.device.node,
                    facts.device.node));
  }
  return plan;
}

}  // namespace kdump::mkdumprd
