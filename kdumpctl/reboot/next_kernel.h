// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/boot/boot_menu.h"
#include "kdumpctl/cmdline_editor.h"
#include "kdumpctl/kexec/syscall_choice.h"
#include "kdumpctl/reboot/default_kexec.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl::reboot {

/// What a person asks for; all of it may be absent.
struct NextKernelWishes {
  std::string kernel;                       ///< a path, or a version as `uname -r` prints it
  std::string entry;                        ///< a boot entry's id or title
  std::vector<std::string> initrds;         ///< instead of the entry's; {"none"}: none at all
  std::optional<std::string> command_line;  ///< verbatim; with reuse_cmdline: added to it
  bool reuse_cmdline = false;               ///< the running kernel's instead of the entry's
  bool keep_quiet = false;
  kexec::SyscallWish syscall = kexec::SyscallWish::kAuto;
};

/// A kernel to reboot into. Paths have no SysRoot prefix; symbolic links are resolved, so that the
/// names say what is loaded.
struct NextKernel {
  std::string kernel;
  std::vector<std::string> initrds;
  bool own_initrd = false;  ///< the one inside the kernel's file, a unified kernel image
  std::string command_line;
  std::string origin;  ///< "GRUB's entry gnulinux-simple (saved_entry in /boot/grub/grubenv)"
  std::vector<CmdlineChange> changes;
  std::vector<std::string> warnings;
  std::optional<boot::OneShot> one_shot;  ///< to clear when it is booted
  kexec::SyscallWish syscall = kexec::SyscallWish::kAuto;
};

/// What the boot loader would boot next, changed by what was asked for. kNotFound and kBadData name
/// what is missing and the remedy; its files and its root= exist when this succeeds.
Result<NextKernel> choose_next_kernel(const SysRoot& root, const NextKernelWishes& wishes);

/// What /etc/default/kexec asks for: KERNEL_IMAGE, INITRD and APPEND exactly, an empty APPEND
/// meaning /proc/cmdline; or with USE_GRUB_CONFIG=true GRUB's default entry. The command line is
/// taken verbatim.
Result<NextKernel> choose_default_kexec(const SysRoot& root, const DefaultKexec& settings);

}  // namespace kdump::ctl::reboot
