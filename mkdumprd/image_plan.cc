// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/image_plan.h"

#include "base/text.h"

#include <array>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

constexpr mode_t kProgramMode = 0755;
constexpr mode_t kDataMode = 0644;
constexpr mode_t kSecretMode = 0600;
constexpr mode_t kLinkMode = 0777;

/// Mount points and folders that the agent and the collector expect.
struct Folder {
  std::string_view path;
  mode_t mode;
};
constexpr std::array<Folder, 5> kFolders = {{
    {"/dev", 0755},
    {"/proc", 0555},
    {"/run", 0755},
    {"/sys", 0555},
    {"/tmp", 01777},
}};

/// Before devtmpfs is mounted, PID 1 has a console only through a node in the image itself
/// (console_on_rootfs() in init/main.c). Numbers: Documentation/admin-guide/devices.txt.
constexpr CharacterDevice kConsole = {5, 1};

config::CapturePlan complete_capture_plan(const ImageContents& contents) {
  config::CapturePlan capture = contents.capture;
  capture.kernel_release = contents.kernel_release;
  capture.modules = planned_modules(contents.kernel_release, contents.modules);
  for (std::size_t i = 0; i < contents.target_modules.size(); ++i) {
    capture.targets.at(i).modules =
        planned_modules(contents.kernel_release, contents.target_modules[i]);
  }
  if (capture.spill) {
    capture.spill->target.modules =
        planned_modules(contents.kernel_release, contents.spill_modules);
  }
  return capture;
}

std::string reason_of_orders(const config::CapturePlan& capture) {
  std::string reason = "the agent's orders";
  for (const config::PlannedTarget& target : capture.targets) {
    for (const config::PlannedIscsi& session : config::iscsi_sessions(target)) {
      if (session.password.empty() && session.target_password.empty()) continue;
      reason = "SECRET: the agent's orders, with the CHAP password of " + session.target;
    }
  }
  return reason;
}

/// What `mkdumprd list --why` shows.
std::string describe_contents(const ImagePlan& plan) {
  std::string text;
  for (const auto& [path, entry] : plan.entries()) {
    if (std::holds_alternative<Directory>(entry.content)) continue;
    text += fmt::format("{}\t{}\n", escape_control(path), escape_control(entry.reason));
  }
  return text;
}

}  // namespace

Status ImagePlan::add(const std::string& path, ImageEntry entry) {
  const std::string parent = parent_of(path);
  if (parent != "/") {
    const auto above = entries_.find(parent);
    if (above == entries_.end()) {
      TRY(add(parent, {0755, Directory{}, "folder"}));
    } else if (!std::holds_alternative<Directory>(above->second.content)) {
      return make_error(
          ErrorKind::kBadData, "{} cannot be in the image: {} is not a folder there", path, parent);
    }
  }
  const auto [at, is_new] = entries_.try_emplace(path, entry);
  if (is_new || at->second.content == entry.content) return {};
  return make_error(ErrorKind::kBadData,
                    "two different things want to be {} in the image: {}, and {}",
                    path,
                    at->second.reason,
                    entry.reason);
}

Status ImagePlan::add_host_path(const HostPath& host, mode_t mode, const std::string& reason) {
  for (const HostLink& link : host.links) {
    TRY(add(link.path, {kLinkMode, Symlink{link.target}, reason}));
  }
  return add(host.file, {mode, HostFile{host.file, false}, reason});
}

std::string image_module_path(const std::string& release, const std::string& name) {
  return "/usr/lib/modules/" + release + "/" + name + ".ko";
}

Status add_skeleton(ImagePlan& plan) {
  for (const Folder& folder : kFolders) {
    TRY(plan.add(std::string(folder.path), {folder.mode, Directory{}, "mount point"}));
  }
  return plan.add("/dev/console", {0600, kConsole, "console of PID 1"});
}

Status add_libraries(ImagePlan& plan, const ElfClosure& closure) {
  for (const ClosureLibrary& library : closure.libraries) {
    TRY(plan.add_host_path(library.host, kProgramMode, library.reason));
  }
  for (const HostLink& link : closure.extra_links) {
    TRY(plan.add(link.path, {kLinkMode, Symlink{link.target}, "for the loader"}));
  }
  return {};
}

std::vector<config::PlannedModule> planned_modules(const std::string& release,
                                                   const ModuleClosure& closure) {
  std::vector<config::PlannedModule> out;
  for (const ClosureModule& module : closure.modules) {
    out.push_back({image_module_path(release, module.name), module.options});
  }
  return out;
}

Status add_modules(ImagePlan& plan, const std::string& release, const ModuleClosure& closure) {
  for (const ClosureModule& module : closure.modules) {
    TRY(plan.add(image_module_path(release, module.name),
                 {kDataMode, HostFile{module.file, true}, module.reason}));
  }
  for (const ClosureFirmware& firmware : closure.firmware) {
    TRY(plan.add_host_path(firmware.host, kDataMode, "firmware of " + firmware.module));
  }
  return {};
}

Result<ImagePlan> plan_image(const ImageContents& contents) {
  ImagePlan plan;
  TRY(add_skeleton(plan));
  for (const PlacedFile& file : contents.files) {
    TRY(plan.add(file.image_path, {file.mode, HostFile{file.host_path, false}, file.reason}));
  }
  for (const MadeFile& file : contents.made_files) {
    TRY(plan.add(file.image_path, {file.mode, TextFile{file.text}, file.reason}));
  }
  for (const ExtraProgram& program : contents.extra_programs) {
    TRY(plan.add_host_path(program.host, kProgramMode, program.reason));
  }
  TRY(add_libraries(plan, contents.libraries));
  TRY(add_modules(plan, contents.kernel_release, contents.modules));
  for (const ModuleClosure& closure : contents.target_modules) {
    TRY(add_modules(plan, contents.kernel_release, closure));
  }
  TRY(add_modules(plan, contents.kernel_release, contents.spill_modules));
  const std::string orders = config::to_json(complete_capture_plan(contents));
  TRY(plan.add(config::kCapturePlanPath,
               {kSecretMode, TextFile{orders}, reason_of_orders(contents.capture)}));
  TRY(plan.add(kImageReasonsPath,
               {kDataMode, TextFile{describe_contents(plan)}, "for list --why"}));
  return plan;
}

}  // namespace kdump::mkdumprd
