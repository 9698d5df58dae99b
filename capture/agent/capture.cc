// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/capture.h"

#include "capture/agent/file_system_target.h"
#include "capture/agent/load_modules.h"
#include "capture/agent/raw_target.h"
#include "capture/agent/ssh_target.h"
#include "config/kernel_cmdline.h"

namespace kdump::agent {
namespace {

// Whether a crashed kernel started this one: kexec says where the crashed kernel's ELF headers are
// on the command line, or in the device tree where there is one (drivers/of/kexec.c).
bool started_by_crash(const SysRoot& root) {
  if (root.exists("/sys/firmware/devicetree/base/chosen/linux,elfcorehdr")) return true;
  const auto command_line = root.read("/proc/cmdline");
  return command_line &&
         config::KernelCommandLine::parse(*command_line).find("elfcorehdr") != nullptr;
}

Status check_vmcore(const SysRoot& root) {
  if (root.exists(kVmcorePath)) return {};
  if (started_by_crash(root)) {
    return make_error(
        ErrorKind::kNotFound,
        "{} does not exist although elfcorehdr= is on the command line: this kernel could "
        "not read the crashed kernel's headers or lacks CONFIG_PROC_VMCORE; see its messages",
        kVmcorePath);
  }
  return make_error(
      ErrorKind::kNotFound,
      "{} does not exist: this kernel was not started by a crash, so there is nothing to "
      "save\nthis image is for 'kdumpctl start', not for booting",
      kVmcorePath);
}

CaptureEnd save_on(const CaptureContext& context, std::size_t index, const Status& vmcore) {
  if (std::holds_alternative<config::PlannedRaw>(context.plan.targets[index].place)) {
    return save_on_raw_device(context, index, vmcore);
  }
  if (std::holds_alternative<config::PlannedSsh>(context.plan.targets[index].place)) {
    return save_on_ssh_server(context, index, vmcore);
  }
  return save_on_file_system(context, index, vmcore);
}

}  // namespace

std::string mount_point_of(const SysRoot& root, std::size_t target) {
  return root.path(target == 0 ? kMountPoint : fmt::format("{}-{}", kMountPoint, target + 1));
}

bool is_followed(const CaptureContext& context) {
  const std::size_t here = context.steps.target();
  const std::size_t count = context.plan.targets.size();
  return here + 1 < count || (here < count && context.plan.spill);
}

void log_memory(const CaptureContext& context) {
  context.memory.sample();
  const auto lowest = context.memory.lowest_available_kib();
  const auto total = context.memory.total_kib();
  if (!lowest || !total) return;
  context.log.info("memory: {} of {} KiB available at the lowest; largest program {} KiB",
                   *lowest,
                   *total,
                   peak_child_rss_kib());
}

CaptureEnd capture(const CaptureContext& context, std::size_t first_target) {
  const Status vmcore = check_vmcore(context.root);
  if (!vmcore) context.log.error("{}", vmcore.error().message);
  // Nobody's disks are touched because the image was booted by mistake.
  if (!vmcore && !started_by_crash(context.root)) return CaptureEnd::kFailed;

  load_modules(context, context.plan.modules);
  const std::vector<config::PlannedTarget>& targets = context.plan.targets;
  for (std::size_t i = first_target; i < targets.size(); ++i) {
    context.steps.set_target(i);
    if (i > 0) context.log.info("trying the next dump target: {}", targets[i].name);
    const CaptureEnd end = save_on(context, i, vmcore);
    if (end != CaptureEnd::kFailed) return end;
  }
  return CaptureEnd::kFailed;
}

}  // namespace kdump::agent
