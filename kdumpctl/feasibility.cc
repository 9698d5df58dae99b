// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/feasibility.h"

#include "config/kernel_cmdline.h"
#include "kdumpctl/kexec/kexec_load.h"

namespace kdump::ctl {
namespace {

/// Why crashkernel= on the command line, if it is there, reserved nothing.
std::string reservation_remedy(const SysRoot& root) {
  const auto line = config::KernelCommandLine::parse(root.read("/proc/cmdline").value_or(""));
  const config::CmdlineParameter* parameter = line.find("crashkernel");
  if (parameter == nullptr) {
    return "Add crashkernel=256M (or what this host needs) to the kernel command line in the boot "
           "loader's configuration and reboot";
  }
  return fmt::format(
      "The kernel could not reserve what {} asks for (dmesg says why), or it was given back later. "
      "Choose another size and reboot",
      parameter->text);
}

}  // namespace

Status check_feasibility(const SysRoot& root) {
  const auto reserved = kexec::crash_size(root);
  if (!reserved && reserved.error().kind == ErrorKind::kNotFound) {
    return make_error(ErrorKind::kUnsupported,
                      "Kdump is not supported on this kernel\n"
                      "It has no /sys/kernel/kexec_crash_size: it was built without "
                      "CONFIG_CRASH_DUMP or CONFIG_KEXEC, or /sys is not mounted");
  }
  if (!reserved) return reserved.error();
  if (*reserved == 0) {
    return make_error(
        ErrorKind::kUsage, "No memory reserved for crash kernel\n{}", reservation_remedy(root));
  }
  return {};
}

}  // namespace kdump::ctl
