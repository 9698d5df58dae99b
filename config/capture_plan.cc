// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/capture_plan.h"

#include "base/ip_address.h"
#include "config/network_plan_json.h"
#include "config/plan_reader.h"
#include "config/spill_area.h"
#include "config/volume_plan_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <sys/mount.h>

namespace kdump::config {
namespace {

constexpr std::size_t kLongestPlan = std::size_t{4} << 20U;
constexpr std::uint64_t kHighestPort = 65535;
constexpr std::uint64_t kMostKeptDumps = 1'000'000;
constexpr std::uint64_t kLongestDeadline = std::uint64_t{30} * 24 * 3600;

struct DeviceKind {
  PlannedDevice::By by;
  const char* name;
};

constexpr std::array<DeviceKind, 8> kDeviceKinds = {{
    {PlannedDevice::By::kUuid, "uuid"},
    {PlannedDevice::By::kLabel, "label"},
    {PlannedDevice::By::kPartUuid, "partuuid"},
    {PlannedDevice::By::kPartLabel, "partlabel"},
    {PlannedDevice::By::kWwid, "wwid"},
    {PlannedDevice::By::kSerial, "serial"},
    {PlannedDevice::By::kMapped, "mapped"},
    {PlannedDevice::By::kPath, "path"},
}};

const char* name_of(PlannedDevice::By by) {
  for (const DeviceKind& kind : kDeviceKinds) {
    if (kind.by == by) return kind.name;
  }
  return kDeviceKinds.front().name;
}

struct DeadlineField {
  const char* name;
  unsigned PlannedDeadlines::*seconds;
};

constexpr std::array<DeadlineField, 9> kDeadlineFields = {{
    {"device", &PlannedDeadlines::device},
    {"network", &PlannedDeadlines::network},
    {"mount", &PlannedDeadlines::mount},
    {"dmesg", &PlannedDeadlines::dmesg},
    {"collect", &PlannedDeadlines::collect},
    {"stall", &PlannedDeadlines::stall},
    {"sync", &PlannedDeadlines::sync},
    {"hook", &PlannedDeadlines::hook},
    {"total", &PlannedDeadlines::total},
}};

Result<PlannedModule> read_module(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"path", "options"}));
  PlannedModule module;
  module.path = TRY(object.path("path"));
  module.options = TRY(object.text("options"));
  return module;
}

Result<PlannedDevice> read_device(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"by", "value"}));
  const std::string by = TRY(object.text("by"));
  const auto kind = std::find_if(kDeviceKinds.begin(),
                                 kDeviceKinds.end(),
                                 [&by](const DeviceKind& row) { return by == row.name; });
  if (kind == kDeviceKinds.end()) {
    return PlanReader::refuse(object.name("by"), "is no known way to name a device");
  }
  PlannedDevice device;
  device.by = kind->by;
  device.value =
      TRY(device.by == PlannedDevice::By::kPath ? object.path("value") : object.non_empty("value"));
  return device;
}

Result<std::uint64_t> read_mount_flags(const PlanReader& object) {
  const std::uint64_t flags = TRY(object.number("mount_flags"));
  if ((flags & MS_RDONLY) == 0) return flags;
  return PlanReader::refuse(object.name("mount_flags"), "asks for a read-only mount");
}

Result<PlannedFileSystem> read_file_system(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields(
      {"fs_type", "device", "source", "mount_flags", "mount_data", "directory"}));
  PlannedFileSystem place;
  place.fs_type = TRY(object.non_empty("fs_type"));
  if (object.has("source")) {
    place.source = TRY(object.non_empty("source"));
  } else {
    place.device = TRY(read_device(*TRY(object.field("device")), object.name("device")));
  }
  place.mount_flags = TRY(read_mount_flags(object));
  place.mount_data = TRY(object.text("mount_data"));
  place.directory = TRY(object.path("directory"));
  return place;
}

Result<std::vector<std::string>> read_addresses(const PlanReader& object) {
  std::vector<std::string> addresses = TRY(object.texts("addresses"));
  const bool all_parse = std::all_of(addresses.begin(), addresses.end(), IpAddress::parse);
  if (!addresses.empty() && all_parse) return addresses;
  return PlanReader::refuse(object.name("addresses"), "are no IP addresses");
}

Result<PlannedNfs> read_nfs(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields(
      {"server", "export", "addresses", "versions", "mount_flags", "options", "directory"}));
  PlannedNfs nfs;
  nfs.server = TRY(object.non_empty("server"));
  nfs.export_path = TRY(object.path("export"));
  nfs.addresses = TRY(read_addresses(object));
  nfs.versions = TRY(object.texts("versions"));
  if (nfs.versions.empty()) return PlanReader::refuse(object.name("versions"), "is empty");
  nfs.mount_flags = TRY(read_mount_flags(object));
  nfs.options = TRY(object.text("options"));
  nfs.directory = TRY(object.path("directory"));
  return nfs;
}

Result<PlannedSsh> read_ssh(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields(
      {"server", "addresses", "port", "user", "key", "known_hosts", "directory"}));
  PlannedSsh ssh;
  ssh.server = TRY(object.non_empty("server"));
  ssh.addresses = TRY(read_addresses(object));
  ssh.port = TRY(object.number_in("port", 1, kHighestPort));
  ssh.user = TRY(object.non_empty("user"));
  ssh.key = TRY(object.path("key"));
  ssh.known_hosts = TRY(object.path("known_hosts"));
  ssh.directory = TRY(object.path("directory"));
  return ssh;
}

/// The host name becomes a part of a directory name.
Result<std::string> read_host_name(const PlanReader& target) {
  std::string host = TRY(target.text("host_name"));
  if (host.empty() || host == "." || host == ".." || host.find('/') != std::string::npos) {
    return PlanReader::refuse(target.name("host_name"), "cannot be part of a directory name");
  }
  return host;
}

Result<PlannedTarget> read_target(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields(
      {"name", "host_name", "modules", "network", "volumes", "file_system", "raw", "nfs", "ssh"}));
  PlannedTarget target;
  target.name = TRY(object.text("name"));
  target.host_name = TRY(read_host_name(object));
  target.modules = TRY(object.each("modules", read_module));
  if (object.has("network")) {
    target.network = TRY(read_network(*TRY(object.field("network")), object.name("network")));
  }
  target.volumes = TRY(object.each("volumes", read_volume));
  if (object.has("raw")) {
    target.place = PlannedRaw{TRY(read_device(*TRY(object.field("raw")), object.name("raw")))};
  } else if (object.has("nfs")) {
    target.place = TRY(read_nfs(*TRY(object.field("nfs")), object.name("nfs")));
  } else if (object.has("ssh")) {
    target.place = TRY(read_ssh(*TRY(object.field("ssh")), object.name("ssh")));
  } else {
    target.place =
        TRY(read_file_system(*TRY(object.field("file_system")), object.name("file_system")));
  }
  return target;
}

Result<PlannedSpill> read_spill(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"target", "size"}));
  PlannedSpill spill;
  spill.target = TRY(read_target(*TRY(object.field("target")), object.name("target")));
  if (!std::holds_alternative<PlannedRaw>(spill.target.place)) {
    return PlanReader::refuse(object.name("target"), "is not a raw device");
  }
  spill.size = TRY(object.number_in("size", kLeastSpillArea, kMostSpillArea));
  return spill;
}

Result<PlannedHook> read_hook(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"path", "decides"}));
  PlannedHook hook;
  hook.path = TRY(object.path("path"));
  hook.decides = TRY(object.truth("decides"));
  return hook;
}

Result<PlannedHooks> read_hooks(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  TRY(object.check_fields({"pre", "post", "emergency"}));
  PlannedHooks hooks;
  hooks.pre = TRY(object.each("pre", read_hook));
  hooks.post = TRY(object.each("post", read_hook));
  hooks.emergency = TRY(object.each("emergency", read_hook));
  return hooks;
}

Result<PlannedDeadlines> read_deadlines(const Json& json, const std::string& where) {
  const PlanReader object(json, where);
  std::vector<std::string_view> names;
  names.reserve(kDeadlineFields.size());
  for (const DeadlineField& field : kDeadlineFields) names.emplace_back(field.name);
  TRY(object.check_fields(names));
  PlannedDeadlines deadlines;
  for (const DeadlineField& field : kDeadlineFields) {
    const std::uint64_t seconds = TRY(object.number(field.name));
    if (seconds < 1 || seconds > kLongestDeadline) {
      return PlanReader::refuse(object.name(field.name), "is not between 1 s and 30 days");
    }
    static_assert(kLongestDeadline <= std::numeric_limits<unsigned>::max());
    deadlines.*field.seconds = static_cast<unsigned>(seconds);
  }
  return deadlines;
}

Result<PlannedFenceKdump> read_fence_kdump(const Json& json, const std::string& where) {
  constexpr std::uint64_t kMostMessages = 1'000'000;
  constexpr std::uint64_t kLongestInterval = 3600;
  const PlanReader object(json, where);
  TRY(object.check_fields({"addresses", "port", "interval", "count"}));
  PlannedFenceKdump plan;
  plan.addresses = TRY(read_addresses(object));
  plan.port = TRY(object.number_in("port", 1, kHighestPort));
  plan.interval = TRY(object.number_in("interval", 1, kLongestInterval));
  plan.count = TRY(object.number_in("count", 0, kMostMessages));
  return plan;
}

Result<std::vector<std::string>> read_collector(const PlanReader& plan) {
  std::vector<std::string> argv = TRY(plan.texts("collector"));
  if (argv.empty()) return PlanReader::refuse(plan.name("collector"), "is empty");
  if (!argv.front().starts_with('/')) {
    return PlanReader::refuse(plan.name("collector"), "does not begin with '/'");
  }
  return argv;
}

Result<CapturePlan> read_plan(const PlanReader& object) {
  CapturePlan plan;
  plan.kernel_release = TRY(object.text("kernel_release"));
  plan.modules = TRY(object.each("modules", read_module));
  plan.targets = TRY(object.each("targets", read_target));
  if (plan.targets.empty()) return PlanReader::refuse("targets", "is empty");
  if (object.has("spill")) {
    plan.spill = TRY(read_spill(*TRY(object.field("spill")), "spill"));
  }
  plan.collector = TRY(read_collector(object));
  plan.hooks = TRY(read_hooks(*TRY(object.field("hooks")), "hooks"));
  plan.keep_dumps = TRY(object.number_in("keep_dumps", 0, kMostKeptDumps));
  plan.keep_free = TRY(object.number("keep_free"));
  if (object.has("fence_kdump")) {
    plan.fence_kdump = TRY(read_fence_kdump(*TRY(object.field("fence_kdump")), "fence_kdump"));
  }
  plan.watchdog = TRY(object.truth("watchdog"));
  plan.deadlines = TRY(read_deadlines(*TRY(object.field("deadlines")), "deadlines"));
  const auto failure_action = parse_failure_action(TRY(object.text("failure_action")));
  if (!failure_action) return PlanReader::refuse("failure_action", "is not a known action");
  plan.failure_action = *failure_action;
  const auto final_action = parse_final_action(TRY(object.text("final_action")));
  if (!final_action) return PlanReader::refuse("final_action", "is not a known action");
  plan.final_action = *final_action;
  return plan;
}

Json write_modules(const std::vector<PlannedModule>& modules) {
  Json out = Json::array();
  for (const PlannedModule& module : modules) {
    out.push_back({{"path", module.path}, {"options", module.options}});
  }
  return out;
}

Json write_device(const PlannedDevice& device) {
  return {{"by", name_of(device.by)}, {"value", device.value}};
}

Json write_file_system(const PlannedFileSystem& place) {
  Json out = {{"fs_type", place.fs_type}};
  if (place.device) {
    out["device"] = write_device(*place.device);
  } else {
    out["source"] = place.source;
  }
  out["mount_flags"] = place.mount_flags;
  out["mount_data"] = place.mount_data;
  out["directory"] = place.directory;
  return out;
}

Json write_nfs(const PlannedNfs& nfs) {
  return {{"server", nfs.server},
          {"export", nfs.export_path},
          {"addresses", Json(nfs.addresses)},
          {"versions", Json(nfs.versions)},
          {"mount_flags", nfs.mount_flags},
          {"options", nfs.options},
          {"directory", nfs.directory}};
}

Json write_ssh(const PlannedSsh& ssh) {
  return {{"server", ssh.server},
          {"addresses", Json(ssh.addresses)},
          {"port", ssh.port},
          {"user", ssh.user},
          {"key", ssh.key},
          {"known_hosts", ssh.known_hosts},
          {"directory", ssh.directory}};
}

Json write_target(const PlannedTarget& target) {
  Json volumes = Json::array();
  for (const PlannedVolume& volume : target.volumes) volumes.push_back(write_volume(volume));
  Json out = {{"name", target.name},
              {"host_name", target.host_name},
              {"modules", write_modules(target.modules)}};
  if (target.network) out["network"] = write_network(*target.network);
  out["volumes"] = std::move(volumes);
  if (const auto* raw = std::get_if<PlannedRaw>(&target.place)) {
    out["raw"] = write_device(raw->device);
  } else if (const auto* nfs = std::get_if<PlannedNfs>(&target.place)) {
    out["nfs"] = write_nfs(*nfs);
  } else if (const auto* ssh = std::get_if<PlannedSsh>(&target.place)) {
    out["ssh"] = write_ssh(*ssh);
  } else {
    out["file_system"] = write_file_system(std::get<PlannedFileSystem>(target.place));
  }
  return out;
}

Json write_hooks(const std::vector<PlannedHook>& hooks) {
  Json out = Json::array();
  for (const PlannedHook& hook : hooks) {
    out.push_back({{"path", hook.path}, {"decides", hook.decides}});
  }
  return out;
}

}  // namespace

std::vector<PlannedIscsi> iscsi_sessions(const PlannedTarget& target) {
  std::vector<PlannedIscsi> out;
  for (const PlannedVolume& volume : target.volumes) {
    if (const auto* session = std::get_if<PlannedIscsi>(&volume)) out.push_back(*session);
  }
  return out;
}

std::string to_json(const CapturePlan& plan) {
  Json targets = Json::array();
  for (const PlannedTarget& target : plan.targets) targets.push_back(write_target(target));
  Json deadlines = Json::object();
  for (const DeadlineField& field : kDeadlineFields) {
    deadlines[field.name] = plan.deadlines.*field.seconds;
  }
  Json collector = Json::array();
  for (const std::string& word : plan.collector) collector.push_back(word);
  Json json = {
      {"version", CapturePlan::kVersion},
      {"kernel_release", plan.kernel_release},
      {"modules", write_modules(plan.modules)},
      {"targets", std::move(targets)},
      {"collector", std::move(collector)},
      {"hooks",
       {{"pre", write_hooks(plan.hooks.pre)},
        {"post", write_hooks(plan.hooks.post)},
        {"emergency", write_hooks(plan.hooks.emergency)}}},
      {"keep_dumps", plan.keep_dumps},
      {"keep_free", plan.keep_free},
      {"watchdog", plan.watchdog},
      {"deadlines", std::move(deadlines)},
      {"failure_action", to_string(plan.failure_action)},
      {"final_action", to_string(plan.final_action)},
  };
  if (plan.fence_kdump) {
    json["fence_kdump"] = {{"addresses", Json(plan.fence_kdump->addresses)},
                           {"port", plan.fence_kdump->port},
                           {"interval", plan.fence_kdump->interval},
                           {"count", plan.fence_kdump->count}};
  }
  if (plan.spill) {
    json["spill"] = {{"target", write_target(plan.spill->target)}, {"size", plan.spill->size}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<CapturePlan> capture_plan_from_json(std::string_view text) {
  if (text.size() > kLongestPlan) {
    return make_error(ErrorKind::kBadData, "capture plan: longer than {} bytes", kLongestPlan);
  }
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return make_error(ErrorKind::kBadData, "capture plan: not JSON");
  const PlanReader object(json, "");
  // The version first: another one may well have other fields.
  if (!json.is_object()) return PlanReader::refuse("the plan", "is not an object");
  const std::uint64_t version = TRY(object.number("version"));
  if (version != CapturePlan::kVersion) {
    return make_error(ErrorKind::kBadData,
                      "capture plan: version {}, this program understands {}",
                      version,
                      CapturePlan::kVersion);
  }
  TRY(object.check_fields({"version",
                           "kernel_release",
                           "modules",
                           "targets",
                           "spill",
                           "collector",
                           "hooks",
                           "keep_dumps",
                           "keep_free",
                           "fence_kdump",
                           "watchdog",
                           "deadlines",
                           "failure_action",
                           "final_action"}));
  return read_plan(object);
}

}  // namespace kdump::config
