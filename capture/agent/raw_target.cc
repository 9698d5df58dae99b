// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/raw_target.h"

#include "base/fd.h"
#include "base/text.h"
#include "capture/agent/collect.h"
#include "capture/agent/dump_room.h"
#include "capture/agent/free_device.h"
#include "capture/agent/hooks.h"
#include "capture/agent/reach_target.h"
#include "capture/agent/target_device.h"

#include <algorithm>

namespace kdump::agent {
namespace {

Result<std::string> reach_device(const CaptureContext& context, std::size_t target) {
  TRY(reach_target(context, target));
  const auto& raw = std::get<config::PlannedRaw>(context.plan.targets[target].place);
  std::string device = TRY(wait_for_target_device(context, raw.device));
  TRY(check_free(context, "raw dump target", device));
  return device;
}

/// Each dump is the only one there.
DumpRoom room_on_device(const CaptureContext& context, const std::string& device) {
  std::string name = device.substr(std::string_view("/dev/").size());
  std::replace(name.begin(), name.end(), '/', '!');  // as sysfs writes it
  DumpRoom room;
  room.available = [&context, name]() -> Result<std::uint64_t> {
    constexpr unsigned kSectorShift = 9;
    const auto sectors =
        parse_unsigned(TRY(context.root.read_value("/sys/class/block/" + name + "/size")));
    if (sectors && *sectors < (std::uint64_t{1} << 54U)) return *sectors << kSectorShift;
    return make_error(ErrorKind::kBadData, "the size of {} cannot be read", name);
  };
  return room;
}

Status write_dump(const CaptureContext& context, const std::string& device) {
  const auto collector = TRY(make_dump_fit(context, room_on_device(context, device)));
  Fd fd = TRY(Fd::open(context.root.path(device), O_WRONLY | O_EXCL));
  context.log.info("saving vmcore");
  Deadline deadline = context.steps.begin(Step::kCollect, context.plan.deadlines.collect);
  TRY(run_logged(context, {stream_command(context, collector), fd.raw()}, deadline));
  deadline = context.steps.begin(Step::kSync, context.plan.deadlines.sync);
  TRY(context.system.sync_device(device, deadline));
  TRY(fd.close());
  context.log.info("saved vmcore on {}; 'kdumpctl start' fetches it from there", device);
  return {};
}

}  // namespace

CaptureEnd save_on_raw_device(const CaptureContext& context,
                              std::size_t target,
                              const Status& vmcore) {
  const auto device = reach_device(context, target);
  if (!device || !vmcore) {
    if (!device) context.log.error("{}", device.error().message);
    return CaptureEnd::kFailed;
  }
  if (const auto wanted = run_hooks(context, context.plan.hooks.pre, {}); !wanted) {
    context.log.error("{}\nkdump_pre wants no dump: nothing is saved", wanted.error().message);
    return CaptureEnd::kDeclined;
  }
  const Status saved = write_dump(context, *device);
  if (!saved) context.log.error("cannot save vmcore: {}", saved.error().message);
  // No hook after the dump can change what became of it.
  (void)run_hooks(context, context.plan.hooks.post, {saved ? "0" : "1"});
  log_memory(context);
  return saved ? CaptureEnd::kSaved : CaptureEnd::kFailed;
}

}  // namespace kdump::agent
