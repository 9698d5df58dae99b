// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/target_check.h"

#include "base/atomic_file.h"
#include "base/mount_table.h"
#include "base/text.h"
#include "config/device_node.h"
#include "config/effective_settings.h"
#include "kdumpctl/saved_dumps.h"

#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <filesystem>

namespace kdump::ctl {
namespace {

using Verdict = TargetCheck::Verdict;

constexpr const char* kFile = "/run/kdump/target.json";
/// The smallest filtered dumps are of this size; how large this host's will be nobody knows.
constexpr std::uintmax_t kHardlyAnyRoom = std::uintmax_t{64} << 20U;

struct Name {
  Verdict verdict;
  const char* name;
};
constexpr std::array<Name, 3> kNames = {
    {{Verdict::kGood, "good"}, {Verdict::kBad, "bad"}, {Verdict::kUnknown, "unknown"}}};

TargetCheck bad(std::string text, std::string remedy) {
  return {.verdict = Verdict::kBad, .text = std::move(text), .remedy = std::move(remedy)};
}

TargetCheck check_device(const SysRoot& root, const std::string& device) {
  const std::string node = config::device_node(root, device);
  if (!root.exists(node)) {
    return bad(fmt::format("there is no {}", node),
               "Connect the device, or name another target in /etc/kdump.conf");
  }
  return {.verdict = Verdict::kGood, .text = fmt::format("{} is there", node)};
}

TargetCheck check_folder(const SysRoot& root, const std::string& folder) {
  if (!root.is_directory(folder)) {
    return bad(fmt::format("{} is not a folder", folder),
               fmt::format("Run \"mkdir -p {}\"", folder));
  }
  const auto mounts = MountTable::read_with(root, folder);
  if (!mounts) return {.text = mounts.error().message};
  const MountPoint* mount = mounts->containing(root.resolve(folder).value_or(folder));
  if (mount == nullptr) return {.text = fmt::format("{} is on no known mount", folder)};
  if (mount->read_only()) {
    return bad(fmt::format("{} is mounted read-only", mount->mount_point),
               fmt::format("Run \"mount -o remount,rw {}\"", mount->mount_point));
  }
  std::error_code error;
  const auto space = std::filesystem::space(root.path(folder), error);
  if (error) return {.text = fmt::format("{}: {}", folder, error.message())};
  std::string text =
      fmt::format("{}: {}, {} free", folder, mount->fs_type, format_size(space.available));
  if (space.available < kHardlyAnyRoom) {
    return bad(std::move(text), "Remove old dumps, or set keep_dumps in /etc/kdump.conf");
  }
  return {.verdict = Verdict::kGood, .text = std::move(text)};
}

TargetCheck look(const SysRoot& root, const config::KdumpConfig& config) {
  if (const auto* raw = std::get_if<config::RawTarget>(&config.target)) {
    return check_device(root, raw->device);
  }
  const auto* local = std::get_if<config::FileSystemTarget>(&config.target);
  if (local == nullptr && !std::holds_alternative<config::PathTarget>(config.target)) {
    return {.text = config::spelling_of(config.target) + " is tried in the capture kernel only"};
  }
  const auto folder = dump_folder(root, config);
  if (!folder) return {.text = folder.error().message};
  // A target that is not mounted is mounted by the capture kernel: the device is what counts.
  return folder->empty() && local != nullptr ? check_device(root, local->device)
                                             : check_folder(root, *folder);
}

}  // namespace

const char* to_string(TargetCheck::Verdict verdict) {
  for (const Name& row : kNames) {
    if (row.verdict == verdict) return row.name;
  }
  return "unknown";
}

TargetCheck check_target(const SysRoot& root, const config::KdumpConfig& config) {
  TargetCheck check = look(root, config);
  check.checked = std::time(nullptr);
  return check;
}

Status remember_target_check(const SysRoot& root, const TargetCheck& check) {
  const nlohmann::ordered_json json = {{"verdict", to_string(check.verdict)},
                                       {"text", check.text},
                                       {"remedy", check.remedy},
                                       {"checked", check.checked}};
  std::error_code error;
  std::filesystem::create_directories(root.path("/run/kdump"), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path("/run/kdump"));
  using Handler = nlohmann::ordered_json::error_handler_t;
  return write_file_atomically(
      root.path(kFile), 0644, json.dump(2, ' ', false, Handler::replace) + "\n");
}

Result<std::optional<TargetCheck>> last_target_check(const SysRoot& root) {
  const auto text = root.read(kFile);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<TargetCheck>();
  if (!text) return text.error();
  // The library reports by exceptions; they end here.
  try {
    const auto json = nlohmann::json::parse(*text);
    TargetCheck check{.text = json.at("text").get<std::string>(),
                      .remedy = json.at("remedy").get<std::string>(),
                      .checked = json.at("checked").get<std::int64_t>()};
    for (const Name& row : kNames) {
      if (json.at("verdict").get<std::string>() == row.name) check.verdict = row.verdict;
    }
    return std::optional(std::move(check));
  } catch (const nlohmann::json::exception& error) {
    return make_error(ErrorKind::kBadData, "{}: {}", root.path(kFile), error.what());
  }
}

}  // namespace kdump::ctl
