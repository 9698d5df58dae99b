// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/spill_device.h"

#include "base/text.h"
#include "config/spill_area.h"
#include "mkdumprd/raw_target.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

Result<std::uint64_t> size_of(const SysRoot& root, const BlockDevice& device) {
  constexpr unsigned kSectorShift = 9;  // sysfs counts sectors of 512 bytes
  const std::string value = TRY(root.read_value("/sys/class/block/" + device.name + "/size"));
  const auto sectors = parse_unsigned(value);
  if (sectors && *sectors < (std::uint64_t{1} << 54U)) return *sectors << kSectorShift;
  return make_error(ErrorKind::kBadData, "the size of {} cannot be read", device.node);
}

}  // namespace

Result<SpillPlan> plan_spill_device(const SysRoot& root,
                                    const config::SpillDevice& spill,
                                    const TargetFacts& facts) {
  const std::string name = fmt::format("\"spill_device {}\"", escape_control(spill.device));
  SpillPlan plan;
  plan.raw = {TRY(plan_overwritten_device(root, name, facts))};
  if (!facts.probed.type.empty()) {
    return make_error(ErrorKind::kUsage,
                      "{} carries {}, and its head would be overwritten. Name an empty "
                      "partition, or empty this one with \"wipefs -a {}\" if nobody needs what is "
                      "on it",
                      name,
                      escape_control(facts.probed.type),
                      facts.device.node);
  }
  const std::uint64_t size = TRY(size_of(root, facts.device));
  if (size < std::max(spill.size, config::kLeastSpillArea)) {
    return make_error(ErrorKind::kUsage,
                      "{} has {} KiB, which is less than {}. Name a larger partition",
                      name,
                      size >> 10U,
                      spill.size > size ? "kdump.conf says"
                                        : fmt::format("the {} KiB that a spill area needs",
                                                      config::kLeastSpillArea >> 10U));
  }
  plan.size = std::min(spill.size > 0 ? spill.size : size, config::kMostSpillArea);
  return plan;
}

}  // namespace kdump::mkdumprd
