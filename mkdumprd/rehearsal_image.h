// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>

namespace kdump::mkdumprd {

/// All paths are of the host.
struct RehearsalRequest {
  std::string init;            ///< kdumpctl, which becomes PID 1 of the kernel that crashes
  std::string orders;          ///< its orders (config/rehearsal.h)
  std::string kernel;          ///< the panic kernel
  std::string image;           ///< its capture image
  std::string kernel_release;  ///< whose modules are in the image
  std::string out;             ///< the archive to write; OUT.overlay and OUT.image stay beside it
};

/// Writes the initramfs with which a virtual machine tries a capture image. The image goes in byte
/// by byte; behind it stands a second archive, whose files the kernel unpacks over the first one's:
/// orders to save on the scratch disk instead of the real targets, and the modules for that disk.
Status write_rehearsal_image(const SysRoot& root, const RehearsalRequest& request);

}  // namespace kdump::mkdumprd
