// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_check.h"

#include "base/link_walk.h"
#include "config/capture_plan.h"
#include "mkdumprd/host_path.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

namespace kdump::mkdumprd {
namespace {

/// The file or folder that a path leads to inside the image.
std::optional<std::string> resolve(const ImagePlan& plan, std::string_view path) {
  auto resolved =
      follow_links(path, [&plan](const std::string& next) -> Result<std::optional<std::string>> {
        const auto entry = plan.entries().find(next);
        if (entry == plan.entries().end()) return system_error(ENOENT, "{}", next);
        std::optional<std::string> target;
        const auto* link = std::get_if<Symlink>(&entry->second.content);
        if (link != nullptr) target = link->target;
        return target;
      });
  if (!resolved) return std::nullopt;
  return std::move(*resolved);
}

bool is_file(const ImagePlan& plan, std::string_view path) {
  const auto resolved = resolve(plan, path);
  if (!resolved) return false;
  const auto entry = plan.entries().find(*resolved);
  return entry != plan.entries().end() &&
         (std::holds_alternative<HostFile>(entry->second.content) ||
          std::holds_alternative<TextFile>(entry->second.content));
}

/// The folders in which the loader looks by itself: that of the C library, which is the loader's
/// twin, and those that every loader knows.
std::set<std::string> loader_folders(const ImagePlan& plan) {
  std::set<std::string> folders;
  for (const auto& [path, entry] : plan.entries()) {
    if (name_of(path) == "libc.so.6") folders.insert(parent_of(path));
  }
  for (const std::string_view folder : {"/lib", "/usr/lib"}) {
    if (const auto resolved = resolve(plan, folder)) folders.insert(*resolved);
  }
  return folders;
}

bool loader_finds(const ImagePlan& plan,
                  const std::set<std::string>& folders,
                  const std::string& name) {
  if (name.find('/') != std::string::npos) return is_file(plan, name);
  for (const std::string& folder : folders) {
    if (is_file(plan, join(folder, name))) return true;
  }
  return false;
}

Status check_present(const ImagePlan& plan, const std::string& path, const std::string& user) {
  if (is_file(plan, path)) return {};
  return make_error(ErrorKind::kBadData, "the image would lack {}, which {} needs", path, user);
}

/// The plan as the agent will read it, with the agent's own checks.
Result<config::CapturePlan> read_capture_plan(const ImagePlan& plan) {
  TRY(check_present(plan, config::kCapturePlanPath, "the agent"));
  const ImageEntry& entry = plan.entries().at(config::kCapturePlanPath);
  const auto* text = std::get_if<TextFile>(&entry.content);
  if (text == nullptr) {
    return make_error(ErrorKind::kBadData, "{} is not mkdumprd's own", config::kCapturePlanPath);
  }
  return config::capture_plan_from_json(text->text);
}

Status check_modules(const ImagePlan& plan, const std::vector<config::PlannedModule>& modules) {
  for (const config::PlannedModule& module : modules) {
    TRY(check_present(plan, module.path, "the capture plan"));
  }
  return {};
}

Status check_hooks(const ImagePlan& plan, const config::PlannedHooks& hooks) {
  for (const auto* list : {&hooks.pre, &hooks.post, &hooks.emergency}) {
    for (const config::PlannedHook& hook : *list) {
      TRY(check_present(plan, hook.path, "the capture plan"));
    }
  }
  return {};
}

}  // namespace

Status check_image(const ImagePlan& plan, const ElfClosure& closure) {
  TRY(check_present(plan, config::kImageAgentPath, "the kernel"));
  const config::CapturePlan capture = TRY(read_capture_plan(plan));
  TRY(check_present(plan, capture.collector.front(), "the agent"));
  TRY(check_modules(plan, capture.modules));
  for (const config::PlannedTarget& target : capture.targets) {
    TRY(check_modules(plan, target.modules));
  }
  if (capture.spill) TRY(check_modules(plan, capture.spill->target.modules));
  TRY(check_hooks(plan, capture.hooks));
  const std::set<std::string> folders = loader_folders(plan);
  for (const ElfObject& object : closure.objects) {
    if (!object.interpreter.empty()) TRY(check_present(plan, object.interpreter, object.file));
    for (const std::string& name : object.needed) {
      if (loader_finds(plan, folders, name)) continue;
      return make_error(
          ErrorKind::kBadData, "the image would lack {}, which {} needs", name, object.file);
    }
  }
  for (const auto& [path, entry] : plan.entries()) {
    if (!std::holds_alternative<Symlink>(entry.content) || resolve(plan, path)) continue;
    return make_error(ErrorKind::kBadData, "the link {} would lead nowhere in the image", path);
  }
  return {};
}

}  // namespace kdump::mkdumprd
