// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/sysconfig.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// The kernel that is loaded for a crash and the image that goes with it. Paths have no SysRoot
/// prefix.
struct CaptureKernel {
  std::string version;  ///< as uname -r prints it
  std::string kernel;
  std::string image;               ///< the capture image; it need not exist yet
  std::vector<std::string> notes;  ///< why it is not simply the running kernel
};

/// Picks kernel and image as kdump-utils does. The version is KDUMP_KERNELVER or the running one
/// (of a debug kernel its twin, where that is installed, as it needs less memory). The kernel is
/// the first of BOOT_IMAGE= (when it ends in the version), KDUMP_IMG-<version>KDUMP_IMG_EXT and
/// <machine-id>/<version>/KDUMP_IMG that exists in KDUMP_BOOTDIR, or else in /boot/ostree/* on an
/// ostree host, /boot, /boot/efi, /efi and /; without any, a unified kernel image there: the one
/// that is running, or EFI/Linux/<machine-id>-<version>.efi. The image lies beside the kernel and
/// is called as the default initrd there with "kdump" added, or in /var/lib/kdump when the folder
/// cannot be written or the kernel is a unified image.
///
/// kNotFound says what was looked for. `running`: as if that release were; "": the one that is.
Result<CaptureKernel> find_capture_kernel(const SysRoot& root,
                                          const config::Sysconfig& sysconfig,
                                          const std::string& running = "");

}  // namespace kdump::ctl
