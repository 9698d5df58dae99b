// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/build_image.h"

#include "base/mount_table.h"
#include "base/text.h"
#include "config/capture_plan.h"
#include "config/target_syntax.h"
#include "mkdumprd/collector_command.h"
#include "mkdumprd/dump_targets.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/extra_files.h"
#include "mkdumprd/fence_facts.h"
#include "mkdumprd/fence_plan.h"
#include "mkdumprd/hook_files.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/image_check.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/iscsi_session.h"
#include "mkdumprd/linux_host_network.h"
#include "mkdumprd/make_manifest.h"
#include "mkdumprd/module_closure.h"
#include "mkdumprd/module_wishes.h"
#include "mkdumprd/name_service.h"
#include "mkdumprd/own_programs.h"
#include "mkdumprd/watchdog_facts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kLocaltime = "/etc/localtime";
constexpr const char* kAdjtime = "/etc/adjtime";
constexpr const char* kHosts = "/etc/hosts";
/// A switch's port may take half a minute before it passes the first packet, and a server that
/// has just been started waits for its clients of before.
constexpr unsigned kNetworkMountSeconds = 240;

Status check_destination(const BuildRequest& request) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(request.image, error);
  if (!std::filesystem::exists(status)) return {};
  if (std::filesystem::is_directory(status)) {
    return make_error(ErrorKind::kUsage, "{} is a folder; name the image file", request.image);
  }
  if (request.overwrite) return {};
  return make_error(
      ErrorKind::kUsage, "will not override existing image ({}) without --force", request.image);
}

/// `--mount "DEVICE MOUNTPOINT FSTYPE OPTIONS"` among mkdumprd's own arguments is a dump target, as
/// it is in dracut_args.
Result<config::KdumpConfig> with_mount_target(config::KdumpConfig config,
                                              const std::vector<std::string>& mounts) {
  if (mounts.empty()) return config;
  const bool is_second = !std::holds_alternative<config::PathTarget>(config.target);
  if (is_second || mounts.size() > 1) {
    return make_error(ErrorKind::kUsage,
                      "More than one dump targets specified: keep either --mount or the target in "
                      "kdump.conf");
  }
  const auto fields = split_words(mounts.front());
  const auto device = fields.size() < 3 ? std::nullopt : config::parse_device(fields[0]);
  if (!device) {
    return make_error(ErrorKind::kUsage,
                      "--mount \"{}\": write --mount \"<device> <mount point> <file system> "
                      "<options>\"",
                      escape_control(mounts.front()));
  }
  config.target =
      config::FileSystemTarget{.fs_type = std::string(fields[2]),
                               .device = *device,
                               .mount_point = std::string(fields[1]),
                               .options = std::string(fields.size() > 3 ? fields[3] : "")};
  return config;
}

/// The hooks, the collector, extra_bins, and the shell that a person is to get.
Result<std::vector<WantedProgram>> want_programs(const SysRoot& root,
                                                 const config::KdumpConfig& config,
                                                 const ExtraContent& extra,
                                                 const HookFiles& hooks,
                                                 const CollectorCommand& collector) {
  std::vector<WantedProgram> wanted = hooks.programs;
  wanted.insert(wanted.end(), collector.programs.begin(), collector.programs.end());
  for (const std::string& name : config.extra_bins) wanted.push_back({name, "extra_bins"});
  for (const std::string& name : extra.programs) wanted.push_back({name, "--install"});
  if (config.failure_action == config::FailureAction::kShell) {
    for (WantedProgram& tool : TRY(shell_programs(root))) wanted.push_back(std::move(tool));
  }
  return wanted;
}

void describe(const ImagePlan& plan, const ImageContents& contents, BuildReport& report) {
  for (const auto& [path, entry] : plan.entries()) {
    report.details.push_back(fmt::format("{}: {}", path, entry.reason));
  }
  std::set<std::string> built_in(contents.modules.built_in.begin(),
                                 contents.modules.built_in.end());
  for (const ModuleClosure& closure : contents.target_modules) {
    built_in.insert(closure.built_in.begin(), closure.built_in.end());
  }
  report.details.push_back(fmt::format("built into the kernel: {}", fmt::join(built_in, " ")));
}

/// The likeliest of all failures to write an image: a small /boot with many kernels.
Error with_room_advice(Error error, const std::string& image) {
  if (error.code != ENOSPC && error.code != EDQUOT) return error;
  error.message += fmt::format(
      ". Make room in {}: remove kernels that are no longer needed, and what is left of removed "
      "ones",
      std::filesystem::path(image).parent_path().string());
  return error;
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Result<std::vector<PlacedFile>> place_files(const SysRoot& root,
                                            const OwnPrograms& own,
                                            const std::vector<IncludedPath>& includes) {
  std::vector<PlacedFile> files = {
      {own.agent, config::kImageAgentPath, 0755, "the agent, PID 1"},
      {own.collector, config::kImageCollectorPath, 0755, "the collector"}};
  if (const auto zone = root.resolve(kLocaltime)) {
    files.push_back({*zone, kLocaltime, 0644, "the host's time zone, for the names of dumps"});
  }
  if (const auto clock = root.resolve(kAdjtime)) {
    files.push_back({*clock, kAdjtime, 0644, "whether the hardware clock keeps local time"});
  }
  for (const IncludedPath& included : includes) {
    const auto more = TRY(expand_include(root, included));
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

/// The keys of ssh targets, and the program that uses them.
Status add_ssh(const SysRoot& root,
               const OwnPrograms& own,
               const DumpTargets& targets,
               ImageContents& contents,
               std::vector<std::string>& programs) {
  bool is_wanted = false;
  for (const DumpTargetPlan& plan : targets.plans) {
    is_wanted = is_wanted || std::holds_alternative<config::PlannedSsh>(plan.target.place);
    contents.files.insert(contents.files.end(), plan.files.begin(), plan.files.end());
    contents.made_files.insert(
        contents.made_files.end(), plan.made_files.begin(), plan.made_files.end());
  }
  if (!is_wanted) return {};
  const std::string program =
      TRY(find_beside_agent(root, own, std::string(name_of(config::kImageSshPath))));
  contents.files.push_back({program, config::kImageSshPath, 0755, "saves on SSH servers"});
  programs.push_back(program);
  return {};
}

/// The program that logs in to iSCSI targets.
Status add_iscsi(const SysRoot& root,
                 const DumpTargets& targets,
                 ImageContents& contents,
                 std::vector<std::string>& programs) {
  const bool is_wanted =
      std::any_of(targets.plans.begin(), targets.plans.end(), [](const DumpTargetPlan& plan) {
        return !config::iscsi_sessions(plan.target).empty();
      });
  if (!is_wanted) return {};
  const std::string program = TRY(find_iscsistart(root));
  contents.files.push_back({program, config::kImageIscsiPath, 0755, "logs in to iSCSI targets"});
  programs.push_back(program);
  return {};
}

/// The other nodes of a cluster are told whatever the target, and reached before it.
Result<std::vector<ModuleWish>> add_fence(const SysRoot& root,
                                          HostNetwork& network,
                                          const config::KdumpConfig& config,
                                          DumpTargets& targets,
                                          config::CapturePlan& capture) {
  const auto fence = TRY(plan_fence(root, network, config, targets.warnings));
  if (!fence) return std::vector<ModuleWish>();
  for (DumpTargetPlan& plan : targets.plans) {
    if (!plan.target.network) plan.target.network.emplace();
    merge_network(*plan.target.network, fence->network);
  }
  capture.fence_kdump = fence->fence;
  return fence->modules;
}

/// What an image needs beside modules as soon as one of its targets is on the network.
Status add_network(const SysRoot& root,
                   const OwnPrograms& own,
                   const DumpTargets& targets,
                   ImageContents& contents,
                   std::vector<std::string>& programs) {
  std::vector<KnownHost> hosts;
  bool is_wanted = false;
  for (const DumpTargetPlan& plan : targets.plans) {
    is_wanted = is_wanted || plan.target.network.has_value();
    hosts.insert(hosts.end(), plan.hosts.begin(), plan.hosts.end());
  }
  if (!is_wanted) return {};
  const std::string program =
      TRY(find_beside_agent(root, own, std::string(name_of(config::kImageNetworkPath))));
  contents.files.push_back({program, config::kImageNetworkPath, 0755, "sets up the network"});
  programs.push_back(program);
  for (MadeFile& made : make_name_service(root, hosts)) {
    const auto is_included = [&made](const PlacedFile& file) {
      return file.image_path == made.image_path;
    };
    // The administrator's own comes before ours.
    if (std::none_of(contents.files.begin(), contents.files.end(), is_included)) {
      contents.made_files.push_back(std::move(made));
    }
  }
  contents.capture.deadlines.mount = kNetworkMountSeconds;
  return {};
}

/// Files of the host that decided about what mkdumprd has made: who the servers are, and the nodes
/// of a cluster. What is not there yet counts when it comes.
std::vector<std::string> sources_of(const DumpTargets& targets) {
  std::vector<std::string> sources = {kClusterConfiguration, kFenceSettings};
  for (const DumpTargetPlan& plan : targets.plans) {
    sources.insert(sources.end(), plan.sources.begin(), plan.sources.end());
    if (!plan.hosts.empty()) sources.emplace_back(kHosts);
  }
  return sources;
}

/// Several targets can want the same one.
std::size_t count_modules(const ImagePlan& plan) {
  return static_cast<std::size_t>(
      std::count_if(plan.entries().begin(), plan.entries().end(), [](const auto& entry) {
        const auto* file = std::get_if<HostFile>(&entry.second.content);
        return file != nullptr && file->unpack;
      }));
}

}  // namespace

Result<BuildReport> build_image(const SysRoot& root,
                                const config::KdumpConfig& given,
                                const BuildRequest& request,
                                const WriteProgress& progress) {
  TRY(check_destination(request));
  const config::KdumpConfig config = TRY(with_mount_target(given, request.extra.mounts));
  BuildReport report;

  // The host.
  const MountTable mounts = TRY(MountTable::read_with(root, config.path));
  const KernelFacts kernel = TRY(read_kernel(root, request.kernel_release));
  LinuxHostNetwork network(root);
  DumpTargets targets = TRY(plan_dump_targets(root, mounts, kernel, network, config));
  const OwnPrograms own = TRY(find_own_programs(root, request.agent, request.collector));
  const CollectorCommand collector = TRY(plan_collector(root, config.core_collector));
  if (root.is_host()) TRY(check_collector(own.collector, collector.argv));
  const HookFiles hooks = TRY(find_hooks(root, config));
  const ExtraPrograms extra =
      TRY(find_programs(root, TRY(want_programs(root, config, request.extra, hooks, collector))));

  // What belongs together.
  ImageContents contents;
  contents.kernel_release = kernel.release;
  const WatchdogFacts watchdogs = read_watchdogs(root);
  std::vector<ModuleWish> wishes = watchdogs.wishes;
  for (ModuleWish& wish : wish_extra_modules(joined(config.extra_modules, request.extra.drivers))) {
    wishes.push_back(std::move(wish));
  }
  if (auto wish = wish_failure_record(root)) wishes.push_back(*std::move(wish));
  for (ModuleWish& wish : TRY(add_fence(root, network, config, targets, contents.capture))) {
    wishes.push_back(std::move(wish));
  }
  contents.modules = TRY(close_modules(root, kernel, wishes));
  contents.files = TRY(place_files(root, own, request.extra.includes));
  std::vector<std::string> programs = joined({own.agent, own.collector}, extra.elf);
  TRY(add_network(root, own, targets, contents, programs));
  TRY(add_ssh(root, own, targets, contents, programs));
  TRY(add_iscsi(root, targets, contents, programs));
  contents.libraries = TRY(close_libraries(root, programs));
  contents.extra_programs = extra.files;
  std::vector<std::string> sources = sources_of(targets);
  for (DumpTargetPlan& plan : targets.plans) {
    contents.capture.targets.push_back(std::move(plan.target));
    contents.target_modules.push_back(std::move(plan.modules));
  }
  if (targets.spill) {
    contents.capture.spill =
        config::PlannedSpill{std::move(targets.spill->target), targets.spill_size};
    contents.spill_modules = std::move(targets.spill->modules);
  }
  contents.capture.collector = collector.argv;
  contents.capture.hooks = hooks.hooks;
  contents.capture.keep_dumps = config.keep_dumps;
  contents.capture.keep_free = config.keep_free;
  contents.capture.watchdog = watchdogs.active;
  contents.capture.failure_action = config.failure_action;
  contents.capture.final_action = config.final_action;

  // The image.
  ImagePlan plan = TRY(plan_image(contents));
  TRY(check_image(plan, contents.libraries));
  const config::ImageManifest manifest = TRY(make_manifest(
      root, given, kernel, plan, {request.config_file, request.arguments, std::move(sources)}));
  TRY(add_manifest(plan, manifest));
  auto written = write_image(root, plan, kernel.packing, request.image, progress);
  if (!written) return with_room_advice(std::move(written).error(), request.image);
  report.size = *written;
  TRY(write_manifest(manifest, request.image));
  report.module_count = count_modules(plan);
  report.packing = kernel.packing;
  report.warnings = joined(joined(report.warnings, targets.warnings), contents.modules.warnings);
  report.warnings = joined(joined(report.warnings, hooks.warnings), collector.warnings);
  report.details.push_back(
      fmt::format("packed as {}: {}", to_string(kernel.packing), kernel.packing_reason));
  describe(plan, contents, report);
  return report;
}

}  // namespace kdump::mkdumprd
