// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/dump_targets.h"

#include "base/text.h"
#include "mkdumprd/iscsi_session.h"
#include "mkdumprd/module_wishes.h"
#include "mkdumprd/nfs_target.h"
#include "mkdumprd/raw_target.h"
#include "mkdumprd/spill_device.h"
#include "mkdumprd/ssh_target.h"
#include "mkdumprd/target_facts.h"
#include "mkdumprd/target_plan.h"
#include "mkdumprd/virtiofs_target.h"

#include <algorithm>

namespace kdump::mkdumprd {
namespace {

constexpr const char* kLocalHost = "127.0.0.1";

std::string spoken_name(const config::KdumpConfig& config, const TargetFacts& facts) {
  const auto* target = std::get_if<config::FileSystemTarget>(&config.target);
  if (target != nullptr) return escape_control(target->fs_type + " " + target->device);
  return fmt::format("{} on {}", config.path, facts.device.node);
}

class Planner {
 public:
  Planner(const SysRoot& root,
          const MountTable& mounts,
          const KernelFacts& kernel,
          HostNetwork& network)
      : root_(root), mounts_(mounts), kernel_(kernel), network_(network) {}

  Status add(const config::KdumpConfig& config) {
    if (const auto* share = std::get_if<config::VirtiofsTarget>(&config.target)) {
      return add_virtiofs(*share, config.path);
    }
    if (const auto* ssh = std::get_if<config::SshTarget>(&config.target)) {
      return add_ssh(*ssh, config);
    }
    if (const auto* nfs = std::get_if<config::NfsTarget>(&config.target)) {
      return add_nfs(*nfs, config.path);
    }
    if (std::holds_alternative<config::PathTarget>(config.target)) {
      if (const auto nfs = find_nfs(config.path)) return add_nfs(nfs->target, nfs->path);
    }
    const TargetFacts facts = TRY(read_target(root_, mounts_, config));
    if (const auto* raw = std::get_if<config::RawTarget>(&config.target)) {
      return add_raw(*raw, facts);
    }
    return add_local(config, facts);
  }

  /// Whatever kdump.conf names as the target.
  Status add_root_file_system(config::KdumpConfig config) {
    config.target = config::PathTarget{};
    const MountPoint* mount = mounts_.containing("/");
    if (const auto nfs = mount == nullptr ? std::nullopt : nfs_path_of(*mount, config.path)) {
      return add_nfs(nfs->target, nfs->path, MissingPath::kMadeByAgent);
    }
    const TargetFacts facts = TRY(read_root_target(root_, mounts_, config.path));
    return add_local(config, facts);
  }

  /// After the targets, none of which it may be.
  Status set_spill_device(const config::SpillDevice& spill) {
    auto found = read_raw_target(root_, mounts_, {spill.device});
    if (!found) return std::move(found).error().with_context("spill_device");
    const SpillPlan plan = TRY(plan_spill_device(root_, spill, *found));
    for (const DumpTargetPlan& other : out_.plans) {
      const auto* raw = std::get_if<config::PlannedRaw>(&other.target.place);
      if (raw == nullptr || *raw != plan.raw) continue;
      return make_error(ErrorKind::kUsage,
                        "\"spill_device {}\" is a dump target, too: what is left there would "
                        "overwrite what came of a dump. Name another partition",
                        escape_control(spill.device));
    }
    out_.spill = TRY(planned("spill_device " + escape_control(spill.device), plan.raw, *found));
    if (!config::iscsi_sessions(out_.spill->target).empty()) {
      return make_error(ErrorKind::kUsage,
                        "\"spill_device {}\" is an iSCSI disk; it is for the moment when nothing "
                        "else works. Name a partition of a local disk",
                        escape_control(spill.device));
    }
    out_.spill_size = plan.size;
    return {};
  }

  void warn(std::string text) { out_.warnings.push_back(std::move(text)); }
  [[nodiscard]] DumpTargets take() && { return std::move(out_); }

 private:
  /// A place that is a target already is not tried a second time.
  [[nodiscard]] bool is_known(const config::PlannedFileSystem& place) const {
    return std::any_of(out_.plans.begin(), out_.plans.end(), [&](const DumpTargetPlan& other) {
      const auto* known = std::get_if<config::PlannedFileSystem>(&other.target.place);
      return known != nullptr && place.device && known->device == place.device;
    });
  }

  [[nodiscard]] bool is_known(const config::PlannedNfs& place) const {
    return std::any_of(out_.plans.begin(), out_.plans.end(), [&](const DumpTargetPlan& other) {
      const auto* known = std::get_if<config::PlannedNfs>(&other.target.place);
      return known != nullptr && known->server == place.server &&
             known->export_path == place.export_path;
    });
  }

  Status add_raw(const config::RawTarget& raw, const TargetFacts& facts) {
    const auto plan = TRY(plan_raw_target(root_, raw, facts));
    for (const std::string& warning : plan.warnings) warn(warning);
    return add_planned("raw " + escape_control(raw.device), plan.raw, facts);
  }

  Status add_virtiofs(const config::VirtiofsTarget& share, const std::string& path) {
    VirtiofsPlan plan = TRY(plan_virtiofs(root_, mounts_, share, path));
    for (std::string& warning : plan.warnings) warn(std::move(warning));
    return add_planned("virtiofs " + escape_control(share.tag), std::move(plan.place), plan.facts);
  }

  /// The export that `path` of the host lies on, if it does.
  [[nodiscard]] std::optional<NfsPath> find_nfs(const std::string& path) const {
    const auto resolved = root_.resolve(path);
    const MountPoint* mount = resolved ? mounts_.containing(*resolved) : nullptr;
    return mount == nullptr ? std::nullopt : nfs_path_of(*mount, *resolved);
  }

  Status add_nfs(const config::NfsTarget& target,
                 const std::string& path,
                 MissingPath missing = MissingPath::kError) {
    NfsPlan plan = TRY(plan_nfs(root_, mounts_, network_, target, path, missing));
    if (is_known(plan.nfs)) return {};
    for (std::string& warning : plan.warnings) warn(std::move(warning));
    for (std::string& warning : plan.network.warnings) warn(std::move(warning));
    DumpTargetPlan out;
    out.target.name = escape_control(fmt::format("nfs {}:{}", target.server, target.export_path));
    out.target.host_name = plan.network.source;
    out.target.network = std::move(plan.network.network);
    out.hosts = {{target.server, plan.nfs.addresses}};
    out.target.place = std::move(plan.nfs);
    std::vector<ModuleWish> wishes = std::move(plan.network.modules);
    wishes.insert(wishes.end(), plan.modules.begin(), plan.modules.end());
    return finish(std::move(out), wishes);
  }

  Status add_ssh(const config::SshTarget& target, const config::KdumpConfig& config) {
    SshPlan plan = TRY(plan_ssh(root_, network_, target, config, out_.plans.size()));
    for (std::string& warning : plan.network.warnings) warn(std::move(warning));
    DumpTargetPlan out;
    out.target.name = escape_control(fmt::format("ssh {}@{}", target.user, target.host));
    out.target.host_name = plan.network.source;
    out.target.network = std::move(plan.network.network);
    out.hosts = {{target.host, plan.ssh.addresses}};
    out.target.place = std::move(plan.ssh);
    out.files = std::move(plan.files);
    out.made_files = std::move(plan.made_files);
    out.sources = std::move(plan.sources);
    return finish(std::move(out), plan.network.modules);
  }

  Status finish(DumpTargetPlan plan, const std::vector<ModuleWish>& wishes) {
    TRY(close(plan, wishes));
    out_.plans.push_back(std::move(plan));
    return {};
  }

  Status close(DumpTargetPlan& plan, const std::vector<ModuleWish>& wishes) {
    plan.modules = TRY(close_modules(root_, kernel_, wishes));
    for (const std::string& warning : plan.modules.warnings) warn(warning);
    return {};
  }

  /// On a device of this host.
  Result<DumpTargetPlan> planned(std::string name,
                                 config::PlannedPlace place,
                                 const TargetFacts& facts) {
    DumpTargetPlan out;
    out.target.name = std::move(name);
    out.target.host_name = kLocalHost;
    out.target.volumes = facts.device.volumes;
    out.target.place = std::move(place);
    std::vector<ModuleWish> wishes = wish_modules(kernel_, facts);
    TRY(add_iscsi_network(root_, network_, out.target, wishes, out_.warnings));
    TRY(close(out, wishes));
    return out;
  }

  Status add_planned(std::string name, config::PlannedPlace place, const TargetFacts& facts) {
    out_.plans.push_back(TRY(planned(std::move(name), std::move(place), facts)));
    return {};
  }

  Status add_local(const config::KdumpConfig& config, const TargetFacts& facts) {
    TargetPlan plan = TRY(plan_target(config, facts));
    if (is_known(plan.place)) return {};
    for (std::string& warning : plan.warnings) warn(std::move(warning));
    return add_planned(spoken_name(config, facts), std::move(plan.place), facts);
  }

  const SysRoot& root_;
  const MountTable& mounts_;
  const KernelFacts& kernel_;
  HostNetwork& network_;
  DumpTargets out_;
};

}  // namespace

Result<DumpTargets> plan_dump_targets(const SysRoot& root,
                                      const MountTable& mounts,
                                      const KernelFacts& kernel,
                                      HostNetwork& network,
                                      const config::KdumpConfig& config) {
  Planner planner(root, mounts, kernel, network);
  TRY(planner.add(config));
  for (const config::DumpTarget& fallback : config.fallback_targets) {
    config::KdumpConfig other = config;
    other.target = fallback;
    TRY(planner.add(other));
  }
  if (config.failure_action == config::FailureAction::kDumpToRootfs) {
    if (const auto status = planner.add_root_file_system(config); !status) {
      planner.warn(fmt::format("failure_action dump_to_rootfs will save nothing: {}",
                               status.error().message));
    }
  }
  if (config.spill_device) TRY(planner.set_spill_device(*config.spill_device));
  return std::move(planner).take();
}

}  // namespace kdump::mkdumprd
