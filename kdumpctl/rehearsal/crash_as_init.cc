// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/crash_as_init.h"

#include "config/rehearsal.h"
#include "kdumpctl/kexec_args.h"
#include "kdumpctl/rehearsal/orders.h"

#include <array>
#include <cerrno>
#include <sys/mount.h>

namespace kdump::ctl::rehearsal {
namespace {

struct Mount {
  const char* type;
  const char* place;
};
constexpr std::array<Mount, 3> kMounts = {
    {{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}}};

Status mount_all(const SysRoot& root) {
  for (const Mount& mount : kMounts) {
    if (::mount(mount.type, root.path(mount.place).c_str(), mount.type, 0, nullptr) != 0 &&
        errno != EBUSY) {  // CONFIG_DEVTMPFS_MOUNT
      return system_error(errno, "cannot mount {}", mount.place);
    }
  }
  return {};
}

}  // namespace

Status crash_as_init(const Context& context) {
  TRY(mount_all(context.root));
  const std::string text = TRY(context.root.read(config::kRehearsalOrders));
  const Orders orders = TRY(orders_from_json(text));
  const LoadOrder order = {.kernel_version = orders.kernel_version,
                           .kernel = config::kRehearsalKernel,
                           .image = config::kRehearsalImage,
                           .command_line = orders.command_line,
                           .options = check_kexec_args(orders.kexec_args).options};
  const PreparedLoad prepared = TRY(context.actions.plan_load(order));
  const auto loaded = TRY(context.actions.load(prepared.load));
  context.log.info("loaded by {}; crashing", to_string(loaded.used));
  return context.actions.crash();
}

}  // namespace kdump::ctl::rehearsal
