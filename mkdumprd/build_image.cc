// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/build_image.h"

#include "base/mount_table.h"
#include "base/text.h"
#include "config/capture_plan.h"
#include "config/target_syntax.h"
#include "mkdumprd/collector_command.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/extra_files.h"
#include "mkdumprd/image_check.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/module_closure.h"
#include "mkdumprd/module_wishes.h"
#include "mkdumprd/own_programs.h"
#include "mkdumprd/target_facts.h"
#include "mkdumprd/target_plan.h"

#include <filesystem>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kLocaltime = "/etc/localtime";

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

/// Directives that this version's agent does not carry out: the dump is made without them, so it is
/// a warning and no refusal.
void warn_of_idle_directives(const SysRoot& root,
                             const config::KdumpConfig& config,
                             std::vector<std::string>& warnings) {
  const auto warn = [&](bool is_set, const std::string& what) {
    if (is_set) warnings.push_back(what + " is not carried out by this version");
  };
  warn(!config.kdump_pre.empty(), "kdump_pre in kdump.conf");
  warn(!config.kdump_post.empty(), "kdump_post in kdump.conf");
  warn(!config.kdump_emergency.empty(), "kdump_emergency in kdump.conf");
  warn(!config.fence_kdump_nodes.empty(), "fence_kdump_nodes in kdump.conf");
  warn(config.failure_action == config::FailureAction::kDumpToRootfs,
       "failure_action dump_to_rootfs in kdump.conf");
  for (const std::string folder : {"pre.d", "post.d", "emergency.d"}) {
    const auto names = root.list("/etc/kdump/" + folder);
    warn(names && !names->empty(), "/etc/kdump/" + folder);
  }
}

void describe(const ImagePlan& plan, const ModuleClosure& modules, BuildReport& report) {
  for (const auto& [path, entry] : plan.entries()) {
    report.details.push_back(fmt::format("{}: {}", path, entry.reason));
  }
  report.details.push_back(
      fmt::format("built into the kernel: {}", fmt::join(modules.built_in, " ")));
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
  for (const IncludedPath& included : includes) {
    const auto more = TRY(expand_include(root, included));
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

}  // namespace

Result<BuildReport> build_image(const SysRoot& root,
                                const config::KdumpConfig& given,
                                const BuildRequest& request,
                                const WriteProgress& progress) {
  TRY(check_destination(request));
  const config::KdumpConfig config = TRY(with_mount_target(given, request.extra.mounts));
  BuildReport report;
  warn_of_idle_directives(root, config, report.warnings);

  // The host.
  const MountTable mounts = TRY(MountTable::read(root));
  const TargetFacts target = TRY(read_target(root, mounts, config));
  const TargetPlan target_plan = TRY(plan_target(config, target));
  const KernelFacts kernel = TRY(read_kernel(root, request.kernel_release));
  const OwnPrograms own = TRY(find_own_programs(root, request.agent, request.collector));
  const std::vector<std::string> collector = TRY(plan_collector(config.core_collector));
  if (root.is_host()) TRY(check_collector(own.collector, collector));
  const ExtraPrograms extra =
      TRY(find_programs(root, joined(config.extra_bins, request.extra.programs)));

  // What belongs together.
  const std::vector<ModuleWish> wishes =
      wish_modules(kernel, target, joined(config.extra_modules, request.extra.drivers));
  ImageContents contents;
  contents.kernel_release = kernel.release;
  contents.modules = TRY(close_modules(root, kernel, wishes));
  contents.libraries = TRY(close_libraries(root, joined({own.agent, own.collector}, extra.elf)));
  contents.files = TRY(place_files(root, own, request.extra.includes));
  contents.extra_programs = extra.files;
  contents.capture.host_name = "127.0.0.1";
  contents.capture.target = target_plan.target;
  contents.capture.collector = collector;
  contents.capture.failure_action = config.failure_action;
  contents.capture.final_action = config.final_action;

  // The image.
  const ImagePlan plan = TRY(plan_image(contents));
  TRY(check_image(plan, contents.libraries));
  report.size = TRY(write_image(root, plan, kernel.packing, request.image, progress));
  report.module_count = contents.modules.modules.size();
  report.packing = kernel.packing;
  report.warnings =
      joined(joined(report.warnings, target_plan.warnings), contents.modules.warnings);
  report.details.push_back(
      fmt::format("packed as {}: {}", to_string(kernel.packing), kernel.packing_reason));
  describe(plan, contents.modules, report);
  return report;
}

}  // namespace kdump::mkdumprd
