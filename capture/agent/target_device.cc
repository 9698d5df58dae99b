// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/target_device.h"

#include "base/text.h"
#include "capture/agent/claims.h"
#include "capture/agent/settled.h"

#include <algorithm>
#include <map>
#include <optional>

namespace kdump::agent {
namespace {

using By = config::PlannedDevice::By;

constexpr std::chrono::milliseconds kPollInterval{100};
constexpr std::chrono::seconds kFirstPatience{1};
constexpr std::chrono::seconds kMostPatience{16};
// Without an event; a disk's content can become readable without one.
constexpr std::chrono::seconds kLookAgain{2};

const char* name_of(By by) {
  switch (by) {
    case By::kUuid:
      return "UUID=";
    case By::kLabel:
      return "LABEL=";
    case By::kPartUuid:
      return "PARTUUID=";
    case By::kPartLabel:
      return "PARTLABEL=";
    case By::kWwid:
      return "WWID=";
    case By::kSerial:
      return "SERIAL=";
    case By::kMapped:
      return "/dev/mapper/";
    case By::kPath:
      return "";
  }
  return "";
}

bool same_ignoring_case(const std::string& a, const std::string& b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string describe(const std::string& device, const DeviceIdentity& identity) {
  std::string text = device;
  if (!identity.fs_type.empty()) text += " " + identity.fs_type;
  if (!identity.uuid.empty()) text += " UUID=" + identity.uuid;
  if (!identity.label.empty()) text += " LABEL=" + identity.label;
  if (!identity.part_uuid.empty()) text += " PARTUUID=" + identity.part_uuid;
  if (!identity.part_label.empty()) text += " PARTLABEL=" + identity.part_label;
  return text;
}

// What is known about one device of /sys/class/block.
struct Candidate {
  Deadline look_at = Deadline::min();  // not before
  std::chrono::seconds patience = kFirstPatience;
  std::string description;
};

class DeviceSearch {
 public:
  DeviceSearch(const CaptureContext& context,
               const config::PlannedDevice& planned,
               Deadline deadline)
      : context_(context), planned_(planned), deadline_(deadline) {}

  Result<std::string> run() {
    for (;;) {
      if (auto found = look_at_all()) return *std::move(found);
      const Deadline now = context_.system.now();
      if (now >= deadline_) return not_found(now);
      if (all_have_answered() && is_given_up(context_, start_, deadline_)) return not_found(now);
      if (context_.system.wait_for_devices(std::min(now + kPollInterval, deadline_))) {
        look_again_now();
      }
    }
  }

 private:
  std::optional<std::string> look_at_all() {
    const auto names = context_.root.list("/sys/class/block");
    if (!names) return std::nullopt;  // as long as sysfs has no block devices at all
    std::erase_if(candidates_, [&](const auto& known) {
      return !std::binary_search(names->begin(), names->end(), known.first);
    });
    for (const std::string& name : *names) {
      if (context_.system.now() >= deadline_) return std::nullopt;
      if (auto found = look_at(name)) return found;
    }
    return std::nullopt;
  }

  std::optional<std::string> look_at(const std::string& name) {
    // In sysfs a '/' of a device name is a '!' (drivers/base/core.c, device_get_devnode()).
    std::string node = "/dev/" + name;
    std::replace(node.begin(), node.end(), '!', '/');
    // Empty drives and loop devices without a file; a disk that spins up gets its size later.
    const auto size = context_.root.read_value(fmt::format("/sys/class/block/{}/size", name));
    if (!size || *size == "0" || !context_.root.exists(node)) return std::nullopt;
    if (is_claimed(context_.root, name)) return std::nullopt;

    Candidate& candidate = candidates_[name];
    if (candidate.description.empty()) candidate.description = node;
    if (planned_.by == By::kPath) {
      return node == planned_.value ? std::optional(node) : std::nullopt;
    }
    if (planned_.by == By::kWwid || planned_.by == By::kSerial) {
      const char* attribute = planned_.by == By::kWwid ? "wwid" : "serial";
      const bool is_disk =
          !context_.root.exists(fmt::format("/sys/class/block/{}/partition", name));
      const bool is_it =
          is_disk && disk_attribute(context_.root, name, attribute) == planned_.value;
      return is_it ? std::optional(node) : std::nullopt;
    }
    if (planned_.by == By::kMapped) {
      const auto mapped =
          context_.root.read_value(fmt::format("/sys/class/block/{}/dm/name", name));
      return mapped && *mapped == planned_.value ? std::optional(node) : std::nullopt;
    }
    const Deadline now = context_.system.now();
    if (now < candidate.look_at) return std::nullopt;
    const auto identity =
        context_.system.identify(node, std::min(now + candidate.patience, deadline_));
    candidate.look_at = context_.system.now() + kLookAgain;
    if (!identity) {
      report_trouble(candidate, node, identity.error());
      return std::nullopt;
    }
    candidate.description = describe(node, *identity);
    if (!is_planned_device(planned_, node, *identity)) return std::nullopt;
    return node;
  }

  // Devices that answer are cheap to ask; those that do not keep their turn.
  void look_again_now() {
    for (auto& [name, candidate] : candidates_) {
      if (candidate.patience == kFirstPatience) candidate.look_at = Deadline::min();
    }
  }

  void report_trouble(Candidate& candidate, const std::string& node, const Error& error) {
    const std::string description = fmt::format("{} ({})", node, error.message);
    if (candidate.description != description) context_.log.warning("{}", error.message);
    candidate.description = description;
    if (error.kind == ErrorKind::kTimeout) {
      candidate.patience = std::min(candidate.patience * 2, kMostPatience);
    }
  }

  [[nodiscard]] bool all_have_answered() const {
    return std::all_of(candidates_.begin(), candidates_.end(), [](const auto& known) {
      return known.second.patience == kFirstPatience;
    });
  }

  [[nodiscard]] Error not_found(Deadline now) const {
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - start_);
    std::string seen;
    for (const auto& [name, candidate] : candidates_) seen += "\n  " + candidate.description;
    return make_error(
        ErrorKind::kTimeout,
        "the dump target {} did not appear within {} s; {}\n"
        "check the target's disk and cabling; if the hardware changed, run 'kdumpctl rebuild' so "
        "that "
        "its drivers get into the image",
        to_string(planned_),
        waited.count(),
        seen.empty() ? "there is no other block device either" : "block devices here:" + seen);
  }

  const CaptureContext& context_;
  const config::PlannedDevice& planned_;
  Deadline start_ = context_.system.now();
  Deadline deadline_;
  std::map<std::string, Candidate> candidates_;
};

}  // namespace

bool is_planned_device(const config::PlannedDevice& planned,
                       const std::string& device,
                       const DeviceIdentity& identity) {
  switch (planned.by) {
    case By::kUuid:
      return same_ignoring_case(planned.value, identity.uuid);
    case By::kLabel:
      return planned.value == identity.label;
    case By::kPartUuid:
      return same_ignoring_case(planned.value, identity.part_uuid);
    case By::kPartLabel:
      return planned.value == identity.part_label;
    case By::kWwid:
    case By::kSerial:
    case By::kMapped:
      return false;  // sysfs tells these, not the content
    case By::kPath:
      return planned.value == device;
  }
  return false;
}

std::string to_string(const config::PlannedDevice& planned) {
  return name_of(planned.by) + planned.value;
}

Result<std::string> wait_for_target_device(const CaptureContext& context,
                                           const config::PlannedDevice& planned) {
  const Deadline deadline = context.steps.begin(Step::kDevice, context.plan.deadlines.device);
  auto device = DeviceSearch(context, planned, deadline).run();
  if (device) {
    context.log.info("found the dump target {}: {}", to_string(planned), *device);
  }
  return device;
}

}  // namespace kdump::agent
