// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/capture.h"

#include "capture/agent/capture_log.h"
#include "capture/agent/collect.h"
#include "capture/agent/dump_directory.h"
#include "capture/agent/load_modules.h"
#include "capture/agent/mount_target.h"
#include "capture/agent/target_device.h"
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

Status reach_target(const CaptureContext& context) {
  load_modules(context);
  const std::string device = TRY(wait_for_target_device(context));
  return mount_target(context, device);
}

Result<std::string> make_dump_directory(const CaptureContext& context) {
  context.steps.begin(Step::kDirectory, context.plan.deadlines.mount);
  std::string directory = TRY(create_dump_directory(
      context.root.path(kMountPoint),
      context.plan.target.directory,
      dump_directory_name(context.plan.host_name, context.system.local_time())));
  context.steps.set_dump_directory(directory);
  context.log.info("saving to {}", directory);
  return directory;
}

void save_log(const CaptureContext& context, const std::string& directory) {
  context.steps.begin(Step::kLog, context.plan.deadlines.sync);
  if (const auto log = save_capture_log(directory, context.log, context.system); !log) {
    context.log.error("cannot save kexec-dmesg.log: {}", log.error().message);
  }
}

// In the order of their worth; each is tried whatever became of the one before. The log comes
// before the dump, too: a machine that dies meanwhile leaves what led there.
Status save_dump(const CaptureContext& context, const std::string& directory) {
  if (const auto dmesg = save_dmesg(context, directory); !dmesg) {
    context.log.error("cannot save vmcore-dmesg.txt: {}", dmesg.error().message);
  }
  save_log(context, directory);
  auto vmcore = save_vmcore(context, directory);
  if (!vmcore) context.log.error("cannot save vmcore: {}", vmcore.error().message);
  return vmcore;
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

// On the mounted target. `vmcore`: whether there is one.
Status save_on_target(const CaptureContext& context, const Status& vmcore) {
  const auto directory = make_dump_directory(context);
  if (!directory) {
    context.log.error("{}", directory.error().message);
    return directory.error();
  }
  Status saved = vmcore ? save_dump(context, *directory) : vmcore;
  log_memory(context);
  save_log(context, *directory);
  return saved;
}

}  // namespace

Status capture(const CaptureContext& context) {
  Status vmcore = check_vmcore(context.root);
  if (!vmcore) context.log.error("{}", vmcore.error().message);
  // Nobody's disks are touched because the image was booted by mistake.
  if (!vmcore && !started_by_crash(context.root)) return vmcore;

  if (auto reached = reach_target(context); !reached) {
    context.log.error("{}", reached.error().message);
    log_memory(context);
    return reached;
  }
  Status saved = save_on_target(context, vmcore);
  const Deadline deadline = context.steps.begin(Step::kUnmount, context.plan.deadlines.sync);
  const auto left = context.system.sync_and_unmount(context.root.path(kMountPoint), deadline);
  if (!left) context.log.error("{}", left.error().message);
  return saved;
}

}  // namespace kdump::agent
