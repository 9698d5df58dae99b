// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/reboot/next_kernel.h"

#include <optional>

namespace kdump::ctl::reboot {

/// What kdumpctl has loaded for the next reboot, which the kernel itself does not tell; in
/// /run/kdump/next-kernel.json, so that it ends with this boot.
struct LoadedKernel {
  std::string kernel;
  std::vector<std::string> initrds;
  std::string command_line;
  std::string origin;
  std::string system_call;
  std::optional<boot::OneShot> one_shot;
};

/// Nothing when none was, or when the file cannot be understood.
[[nodiscard]] std::optional<LoadedKernel> read_loaded_kernel(const SysRoot& root);
Status write_loaded_kernel(const SysRoot& root,
                           const NextKernel& next,
                           const std::string& system_call);
/// Success when there is none.
Status forget_loaded_kernel(const SysRoot& root);

/// The choice of a person for the reboot that comes, in files of /run/kdump.
enum class Course {
  kCold,  ///< through the firmware: `cold-reboot` was said
  kJump,  ///< into the loaded kernel, at the end of an ordinary reboot: LOAD_KEXEC=true
};
Status set_course(const SysRoot& root, Course course);
[[nodiscard]] bool has_course(const SysRoot& root, Course course);
Status clear_course(const SysRoot& root, Course course);

}  // namespace kdump::ctl::reboot
