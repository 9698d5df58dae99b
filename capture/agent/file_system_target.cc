// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/file_system_target.h"

#include "capture/agent/bounded_call.h"
#include "capture/agent/capture_log.h"
#include "capture/agent/collect.h"
#include "capture/agent/dump_directory.h"
#include "capture/agent/dump_room.h"
#include "capture/agent/hooks.h"
#include "capture/agent/mount_target.h"
#include "capture/agent/nfs_mount.h"
#include "capture/agent/prune_dumps.h"
#include "capture/agent/reach_target.h"
#include "capture/agent/target_device.h"

#include <algorithm>

namespace kdump::agent {
namespace {

constexpr unsigned kLogSeconds = 60;
constexpr std::chrono::seconds kLogAtLeast{5};
/// What a server that took no dump may take for the rest.
constexpr unsigned kFarewellSeconds = 60;
/// The same, where something else is tried next, and the messages did not get there in their time.
constexpr unsigned kShortFarewellSeconds = 5;

/// What became of a dump, and of its target.
struct Turn {
  CaptureEnd end = CaptureEnd::kFailed;
  bool is_silent = false;  ///< it took nothing and is left for what is tried next
};

Status mount_place(const CaptureContext& context,
                   const config::PlannedTarget& target,
                   const std::string& mount_point) {
  if (const auto* nfs = std::get_if<config::PlannedNfs>(&target.place)) {
    return mount_nfs(context, *nfs, mount_point);
  }
  const auto& place = std::get<config::PlannedFileSystem>(target.place);
  const std::string source =
      place.device ? TRY(wait_for_target_device(context, *place.device)) : place.source;
  return mount_target(context, place, source, mount_point);
}

/// The dump path below the mount point.
const std::string& directory_of(const config::PlannedTarget& target) {
  const auto* nfs = std::get_if<config::PlannedNfs>(&target.place);
  return nfs != nullptr ? nfs->directory
                        : std::get<config::PlannedFileSystem>(target.place).directory;
}

Result<std::string> make_dump_directory(const CaptureContext& context,
                                        const config::PlannedTarget& target,
                                        const std::string& mount_point) {
  context.steps.begin(Step::kDirectory, context.plan.deadlines.mount);
  std::string directory = TRY(
      create_dump_directory(mount_point,
                            directory_of(target),
                            dump_directory_name(target.host_name, context.system.local_time())));
  context.steps.set_dump_directory(directory);
  context.log.info("saving to {}", directory);
  return directory;
}

/// In a process of its own: a server or a disk that no longer answers holds up nothing else.
void save_log(const CaptureContext& context,
              const std::string& directory,
              unsigned most_seconds = kLogSeconds) {
  const unsigned seconds = std::min(context.plan.deadlines.sync, most_seconds);
  // When time is up altogether, the log that says so still gets a moment.
  const Deadline deadline =
      std::max(context.steps.begin(Step::kLog, seconds), context.system.now() + kLogAtLeast);
  const auto saved = call_bounded(
      "save kexec-dmesg.log",
      [&]() -> Result<std::string> {
        TRY(save_capture_log(directory, context.log, context.system));
        return std::string();
      },
      deadline,
      Overdue::kLeaveRunning);
  if (!saved) context.log.error("cannot save kexec-dmesg.log: {}", saved.error().message);
}

// In the order of their worth; each is tried whatever became of the one before. The log comes
// before the dump, too: a machine that dies meanwhile leaves what led there.
Turn save_dump(const CaptureContext& context,
               const config::PlannedTarget& target,
               const std::string& directory) {
  if (const auto dmesg = save_dmesg(context, directory); !dmesg) {
    context.log.error("cannot save vmcore-dmesg.txt: {}", dmesg.error().message);
    if (dmesg.error().kind == ErrorKind::kTimeout && is_followed(context))
      return {.is_silent = true};
  }
  save_log(context, directory);
  const auto collector =
      make_dump_fit(context, room_on_file_system(context, target.host_name, directory));
  Status vmcore = collector ? save_vmcore(context, *collector, directory) : collector.error();
  if (!vmcore) context.log.error("cannot save vmcore: {}", vmcore.error().message);
  return {.end = vmcore ? CaptureEnd::kSaved : CaptureEnd::kFailed};
}

// Keeps `keep` dumps of this host beside and including the new one.
void make_room(const CaptureContext& context,
               const config::PlannedTarget& target,
               const std::string& directory,
               std::size_t keep) {
  context.steps.begin(Step::kDirectory, context.plan.deadlines.sync);
  const auto removed = prune_dumps(directory, target.host_name, keep);
  if (!removed) return context.log.warning("{}", removed.error().message);
  for (const std::string& name : *removed) context.log.info("removed the old dump {}", name);
}

Turn save_in(const CaptureContext& context,
             const config::PlannedTarget& target,
             const std::string& directory,
             const Status& vmcore) {
  if (!vmcore) return {};
  if (const auto wanted = run_hooks(context, context.plan.hooks.pre, {}); !wanted) {
    context.log.error("{}\nkdump_pre wants no dump: nothing is saved", wanted.error().message);
    return {.end = CaptureEnd::kDeclined};
  }
  const std::size_t keep = context.plan.keep_dumps;
  // One old dump stays until the new one is whole.
  if (keep > 0) make_room(context, target, directory, std::max<std::size_t>(keep, 2));
  const Turn turn = save_dump(context, target, directory);
  const bool is_saved = turn.end == CaptureEnd::kSaved;
  if (keep > 0 && is_saved) make_room(context, target, directory, keep);
  // No hook after the dump can change what became of it.
  (void)run_hooks(context, context.plan.hooks.post, {is_saved ? "0" : "1"});
  return turn;
}

Turn save_on_mounted(const CaptureContext& context,
                     const config::PlannedTarget& target,
                     const std::string& mount_point,
                     const Status& vmcore) {
  const auto directory = make_dump_directory(context, target, mount_point);
  if (!directory) {
    context.log.error("{}", directory.error().message);
    return {};
  }
  const Turn turn = save_in(context, target, *directory, vmcore);
  log_memory(context);
  save_log(context, *directory, turn.is_silent ? kShortFarewellSeconds : kLogSeconds);
  return turn;
}

}  // namespace

CaptureEnd save_on_file_system(const CaptureContext& context,
                               std::size_t target,
                               const Status& vmcore) {
  const config::PlannedTarget& planned = context.plan.targets.at(target);
  const std::string mount_point = mount_point_of(context.root, target);
  Status reached = reach_target(context, target);
  if (reached) reached = mount_place(context, planned, mount_point);
  if (!reached) {
    context.log.error("{}", reached.error().message);
    log_memory(context);
    return CaptureEnd::kFailed;
  }
  const auto [end, is_silent] = save_on_mounted(context, planned, mount_point, vmcore);
  const bool is_suspect =
      end == CaptureEnd::kFailed && std::holds_alternative<config::PlannedNfs>(planned.place);
  unsigned sync = context.plan.deadlines.sync;
  if (is_suspect) sync = std::min(sync, kFarewellSeconds);
  if (is_silent) sync = std::min(sync, kShortFarewellSeconds);
  const Deadline deadline = context.steps.begin(Step::kUnmount, sync);
  const auto left = context.system.sync_and_unmount(mount_point, deadline);
  if (!left) context.log.error("{}", left.error().message);
  return end;
}

}  // namespace kdump::agent
