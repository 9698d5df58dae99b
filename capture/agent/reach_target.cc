// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/reach_target.h"

#include "capture/agent/load_modules.h"
#include "capture/agent/run_into_log.h"
#include "capture/agent/volumes.h"

namespace kdump::agent {
namespace {

/// The program applies the plan by itself: what it links is in no image that needs no network.
Status bring_up_network(const CaptureContext& context, std::size_t target) {
  const unsigned seconds = context.plan.deadlines.network;
  const Deadline deadline = context.steps.begin(Step::kNetwork, seconds);
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(deadline - context.system.now());
  const auto end = run_into_log(context.system,
                                context.log,
                                {{config::kImageNetworkPath,
                                  context.root.path(config::kCapturePlanPath),
                                  std::to_string(target),
                                  std::to_string(left.count())}},
                                deadline,
                                {.output = {}, .tick = [&] { context.memory.sample(); }});
  if (!end) return Error(end.error()).with_context("the network cannot be set up");
  if (end->deadline_passed) {
    return make_error(
        ErrorKind::kTimeout, "the network was not up in {} s; see the messages above", seconds);
  }
  if (end->status.success()) return {};
  return make_error(ErrorKind::kSystem,
                    "the network did not come up ({}); see the messages above",
                    end->status.describe());
}

bool is_remote(const config::PlannedTarget& target) {
  return std::holds_alternative<config::PlannedNfs>(target.place) ||
         std::holds_alternative<config::PlannedSsh>(target.place) ||
         !config::iscsi_sessions(target).empty();
}

}  // namespace

Status reach_target(const CaptureContext& context, std::size_t target) {
  const config::PlannedTarget& planned = context.plan.targets.at(target);
  load_modules(context, planned.modules);
  if (planned.network) {
    auto up = bring_up_network(context, target);
    if (!up && is_remote(planned)) return up;
    // A disk is reached without it; only the other nodes of the cluster hear nothing.
    if (!up) context.log.warning("{}", up.error().message);
  }
  return set_up_volumes(context, planned.volumes);
}

}  // namespace kdump::agent
