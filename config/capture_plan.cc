// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/capture_plan.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <sys/mount.h>

namespace kdump::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestPlan = std::size_t{4} << 20U;
constexpr std::size_t kMostElements = 4096;  // of any list
constexpr std::uint64_t kLongestDeadline = std::uint64_t{30} * 24 * 3600;

struct DeviceKind {
  PlannedDevice::By by;
  const char* name;
};

constexpr std::array<DeviceKind, 5> kDeviceKinds = {{
    {PlannedDevice::By::kUuid, "uuid"},
    {PlannedDevice::By::kLabel, "label"},
    {PlannedDevice::By::kPartUuid, "partuuid"},
    {PlannedDevice::By::kPartLabel, "partlabel"},
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

constexpr std::array<DeadlineField, 6> kDeadlineFields = {{
    {"device", &PlannedDeadlines::device},
    {"mount", &PlannedDeadlines::mount},
    {"dmesg", &PlannedDeadlines::dmesg},
    {"collect", &PlannedDeadlines::collect},
    {"sync", &PlannedDeadlines::sync},
    {"total", &PlannedDeadlines::total},
}};

/// One JSON object of the plan, read field by field; no access here can throw. Errors name the
/// field by its way from the top: "target.device.by".
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  [[nodiscard]] std::string name(std::string_view field) const {
    return where_.empty() ? std::string(field) : fmt::format("{}.{}", where_, field);
  }

  /// The object is one and has no other than these fields.
  [[nodiscard]] Status check_fields(const std::vector<std::string_view>& fields) const {
    if (!json_.is_object()) return refuse(where_.empty() ? "the plan" : where_, "is not an object");
    for (const auto& item : json_.items()) {
      if (std::find(fields.begin(), fields.end(), item.key()) == fields.end()) {
        return refuse(name(escape_control(item.key())), "is not a known field");
      }
    }
    return {};
  }

  [[nodiscard]] Result<const Json*> field(std::string_view field_name) const {
    const auto found = json_.find(field_name);
    if (found == json_.end()) return refuse(name(field_name), "is missing");
    return &*found;
  }

  [[nodiscard]] Result<std::string> text(std::string_view field_name) const {
    return text_of(*TRY(field(field_name)), name(field_name));
  }

  [[nodiscard]] Result<std::uint64_t> number(std::string_view field_name) const {
    const Json& value = *TRY(field(field_name));
    const auto* unsigned_value = value.get_ptr<const Json::number_unsigned_t*>();
    if (unsigned_value == nullptr) return refuse(name(field_name), "is not a number of at least 0");
    return *unsigned_value;
  }

  [[nodiscard]] Result<const Json*> list(std::string_view field_name) const {
    const Json* value = TRY(field(field_name));
    if (!value->is_array()) return refuse(name(field_name), "is not a list");
    if (value->size() > kMostElements) return refuse(name(field_name), "has too many elements");
    return value;
  }

  static Error refuse(std::string_view field_name, std::string_view why) {
    return make_error(ErrorKind::kBadData, "capture plan: {} {}", field_name, why);
  }

  /// What a system call would cut at a NUL is refused, not cut.
  static Result<std::string> text_of(const Json& value, const std::string& field_name) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr) return refuse(field_name, "is not a text");
    if (text->find('\0') != std::string::npos) return refuse(field_name, "contains a NUL");
    return *text;
  }

 private:
  const Json& json_;
  std::string where_;
};

Status check_absolute_path(const std::string& path, const std::string& field_name) {
  if (!path.starts_with('/')) return ObjectReader::refuse(field_name, "does not begin with '/'");
  for (const std::string_view part : split(path, '/')) {
    if (part == "..") return ObjectReader::refuse(field_name, "contains '..'");
  }
  return {};
}

Result<PlannedModule> read_module(const Json& json, const std::string& where) {
  const ObjectReader object(json, where);
  TRY(object.check_fields({"path", "options"}));
  PlannedModule module;
  module.path = TRY(object.text("path"));
  TRY(check_absolute_path(module.path, object.name("path")));
  module.options = TRY(object.text("options"));
  return module;
}

Result<PlannedDevice> read_device(const Json& json, const std::string& where) {
  const ObjectReader object(json, where);
  TRY(object.check_fields({"by", "value"}));
  const std::string by = TRY(object.text("by"));
  const auto kind = std::find_if(kDeviceKinds.begin(),
                                 kDeviceKinds.end(),
                                 [&by](const DeviceKind& row) { return by == row.name; });
  if (kind == kDeviceKinds.end()) {
    return ObjectReader::refuse(object.name("by"), "is not uuid, label, partuuid, partlabel, path");
  }
  PlannedDevice device{kind->by, TRY(object.text("value"))};
  if (device.value.empty()) return ObjectReader::refuse(object.name("value"), "is empty");
  if (device.by == PlannedDevice::By::kPath) {
    TRY(check_absolute_path(device.value, object.name("value")));
  }
  return device;
}

Result<PlannedTarget> read_target(const Json& json, const std::string& where) {
  const ObjectReader object(json, where);
  TRY(object.check_fields({"fs_type", "device", "mount_flags", "mount_data", "directory"}));
  PlannedTarget target;
  target.fs_type = TRY(object.text("fs_type"));
  if (target.fs_type.empty()) return ObjectReader::refuse(object.name("fs_type"), "is empty");
  target.device = TRY(read_device(*TRY(object.field("device")), object.name("device")));
  target.mount_flags = TRY(object.number("mount_flags"));
  if ((target.mount_flags & MS_RDONLY) != 0) {
    return ObjectReader::refuse(object.name("mount_flags"), "asks for a read-only mount");
  }
  target.mount_data = TRY(object.text("mount_data"));
  target.directory = TRY(object.text("directory"));
  TRY(check_absolute_path(target.directory, object.name("directory")));
  return target;
}

Result<PlannedDeadlines> read_deadlines(const Json& json, const std::string& where) {
  const ObjectReader object(json, where);
  std::vector<std::string_view> names;
  names.reserve(kDeadlineFields.size());
  for (const DeadlineField& field : kDeadlineFields) names.emplace_back(field.name);
  TRY(object.check_fields(names));
  PlannedDeadlines deadlines;
  for (const DeadlineField& field : kDeadlineFields) {
    const std::uint64_t seconds = TRY(object.number(field.name));
    if (seconds < 1 || seconds > kLongestDeadline) {
      return ObjectReader::refuse(object.name(field.name), "is not between 1 s and 30 days");
    }
    static_assert(kLongestDeadline <= std::numeric_limits<unsigned>::max());
    deadlines.*field.seconds = static_cast<unsigned>(seconds);
  }
  return deadlines;
}

Result<std::vector<std::string>> read_collector(const ObjectReader& plan) {
  const Json& list = *TRY(plan.list("collector"));
  std::vector<std::string> argv;
  for (const Json& word : list) {
    argv.push_back(TRY(ObjectReader::text_of(word, plan.name("collector"))));
  }
  if (argv.empty()) return ObjectReader::refuse(plan.name("collector"), "is empty");
  TRY(check_absolute_path(argv.front(), plan.name("collector")));
  return argv;
}

/// The host name becomes a part of a directory name.
Result<std::string> read_host_name(const ObjectReader& plan) {
  std::string host = TRY(plan.text("host_name"));
  if (host.empty() || host == "." || host == ".." || host.find('/') != std::string::npos) {
    return ObjectReader::refuse("host_name", "cannot be part of a directory name");
  }
  return host;
}

Result<CapturePlan> read_plan(const ObjectReader& object) {
  CapturePlan plan;
  plan.kernel_release = TRY(object.text("kernel_release"));
  plan.host_name = TRY(read_host_name(object));
  const Json& modules = *TRY(object.list("modules"));
  for (const Json& module : modules) {
    const std::string where = fmt::format("modules[{}]", plan.modules.size());
    plan.modules.push_back(TRY(read_module(module, where)));
  }
  plan.target = TRY(read_target(*TRY(object.field("target")), "target"));
  plan.collector = TRY(read_collector(object));
  plan.deadlines = TRY(read_deadlines(*TRY(object.field("deadlines")), "deadlines"));
  const auto failure_action = parse_failure_action(TRY(object.text("failure_action")));
  if (!failure_action) return ObjectReader::refuse("failure_action", "is not a known action");
  plan.failure_action = *failure_action;
  const auto final_action = parse_final_action(TRY(object.text("final_action")));
  if (!final_action) return ObjectReader::refuse("final_action", "is not a known action");
  plan.final_action = *final_action;
  return plan;
}

}  // namespace

std::string to_json(const CapturePlan& plan) {
  Json modules = Json::array();
  for (const PlannedModule& module : plan.modules) {
    modules.push_back({{"path", module.path}, {"options", module.options}});
  }
  Json deadlines = Json::object();
  for (const DeadlineField& field : kDeadlineFields) {
    deadlines[field.name] = plan.deadlines.*field.seconds;
  }
  Json collector = Json::array();
  for (const std::string& word : plan.collector) collector.push_back(word);
  const Json json = {
      {"version", CapturePlan::kVersion},
      {"kernel_release", plan.kernel_release},
      {"host_name", plan.host_name},
      {"modules", std::move(modules)},
      {"target",
       {{"fs_type", plan.target.fs_type},
        {"device", {{"by", name_of(plan.target.device.by)}, {"value", plan.target.device.value}}},
        {"mount_flags", plan.target.mount_flags},
        {"mount_data", plan.target.mount_data},
        {"directory", plan.target.directory}}},
      {"collector", std::move(collector)},
      {"deadlines", std::move(deadlines)},
      {"failure_action", to_string(plan.failure_action)},
      {"final_action", to_string(plan.final_action)},
  };
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<CapturePlan> capture_plan_from_json(std::string_view text) {
  if (text.size() > kLongestPlan) {
    return make_error(ErrorKind::kBadData, "capture plan: longer than {} bytes", kLongestPlan);
  }
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return make_error(ErrorKind::kBadData, "capture plan: not JSON");
  const ObjectReader object(json, "");
  // The version first: another one may well have other fields.
  if (!json.is_object()) return ObjectReader::refuse("the plan", "is not an object");
  const std::uint64_t version = TRY(object.number("version"));
  if (version != CapturePlan::kVersion) {
    return make_error(ErrorKind::kBadData,
                      "capture plan: version {}, this program understands {}",
                      version,
                      CapturePlan::kVersion);
  }
  TRY(object.check_fields({"version",
                           "kernel_release",
                           "host_name",
                           "modules",
                           "target",
                           "collector",
                           "deadlines",
                           "failure_action",
                           "final_action"}));
  return read_plan(object);
}

}  // namespace kdump::config
