// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/rehearsal_image.h"

#include "base/atomic_file.h"
#include "base/io.h"
#include "config/capture_plan.h"
#include "config/rehearsal.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/image_files.h"
#include "mkdumprd/image_plan.h"
#include "mkdumprd/image_writer.h"
#include "mkdumprd/module_closure.h"

namespace kdump::mkdumprd {
namespace {

constexpr mode_t kSecretMode = 0600;
constexpr std::size_t kImageLimit = std::size_t{512} << 20U;

void no_progress(std::size_t, std::size_t) {}

/// Built in or a module: without them there is no disk to save on.
std::vector<ModuleWish> scratch_wishes() {
  const std::string reason = "the scratch disk of kdumpctl test --qemu";
  std::vector<ModuleWish> wishes;
  for (const char* name : {"virtio_pci", "virtio_blk", "ext4"}) {
    wishes.push_back({.names = {name}, .aliases = {}, .required = true, .reason = reason});
  }
  return wishes;
}

config::PlannedTarget scratch_target() {
  config::PlannedFileSystem place;
  place.fs_type = "ext4";
  place.device = config::PlannedDevice{config::PlannedDevice::By::kLabel, config::kScratchLabel};
  place.directory = config::kScratchFolder;
  config::PlannedTarget target;
  target.name = "the scratch disk";
  target.host_name = "127.0.0.1";
  target.place = place;
  return target;
}

/// The image's own orders with another target. Whoever waits for this host's messages or for its
/// watchdog is not bothered, and nothing waits for a person.
Result<ImagePlan> plan_overlay(const SysRoot& root,
                               const KernelFacts& kernel,
                               const std::string& image) {
  const std::string orders = TRY(read_image_file(image, config::kCapturePlanPath));
  config::CapturePlan capture = TRY(config::capture_plan_from_json(orders));
  const ModuleClosure modules = TRY(close_modules(root, kernel, scratch_wishes()));
  capture.targets = {scratch_target()};
  capture.targets.front().modules = planned_modules(kernel.release, modules);
  capture.spill.reset();
  capture.fence_kdump.reset();
  capture.watchdog = false;
  capture.failure_action = config::FailureAction::kReboot;
  capture.final_action = config::FinalAction::kReboot;
  ImagePlan plan;
  TRY(add_modules(plan, kernel.release, modules));
  TRY(plan.add(config::kCapturePlanPath,
               {kSecretMode, TextFile{config::to_json(capture)}, "save on the scratch disk"}));
  return plan;
}

/// The kernel unpacks archives that stand one behind the other, each packed in its own way
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
Status join_files(const std::string& first, const std::string& second, const std::string& out) {
  std::string bytes = TRY(read_file(first, kImageLimit));
  bytes += TRY(read_file(second, kImageLimit));
  return write_file_atomically(out, kSecretMode, bytes);
}

Result<ImagePlan> plan_crashing_system(const SysRoot& root, const RehearsalRequest& request) {
  ImagePlan plan;
  TRY(add_skeleton(plan));
  TRY(plan.add("/init", {0755, HostFile{request.init}, "loads the panic kernel and crashes"}));
  TRY(add_libraries(plan, TRY(close_libraries(root, {request.init}))));
  TRY(plan.add(config::kRehearsalOrders, {kSecretMode, HostFile{request.orders}, "what to load"}));
  TRY(plan.add(config::kRehearsalKernel, {0644, HostFile{request.kernel}, "the panic kernel"}));
  TRY(plan.add(config::kRehearsalImage,
               {kSecretMode, HostFile{request.out + ".image"}, "its image"}));
  return plan;
}

}  // namespace

Status write_rehearsal_image(const SysRoot& root, const RehearsalRequest& request) {
  const KernelFacts kernel = TRY(read_kernel(root, request.kernel_release));
  const std::string overlay = request.out + ".overlay";
  const ImagePlan over = TRY(plan_overlay(root, kernel, request.image));
  TRY(write_image(root, over, kernel.packing, overlay, no_progress));
  TRY(join_files(request.image, overlay, request.out + ".image"));
  const ImagePlan system = TRY(plan_crashing_system(root, request));
  // It is unpacked once: packing it would take longer than it saves.
  TRY(write_image(root, system, Packing::kNone, request.out, no_progress));
  return {};
}

}  // namespace kdump::mkdumprd
