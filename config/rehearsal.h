// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// What kdumpctl and mkdumprd agree on for `kdumpctl test --qemu`: a virtual machine whose kernel
/// loads the panic kernel from its own initramfs and crashes.
namespace kdump::config {

/// In the initramfs of the kernel that crashes.
inline constexpr const char* kRehearsalKernel = "/boot/kernel";
inline constexpr const char* kRehearsalImage = "/boot/image";
/// {"kernel_version": ..., "command_line": ..., "kexec_args": [...]}
inline constexpr const char* kRehearsalOrders = "/etc/kdump/rehearsal.json";

/// The disk that takes the dump: an ext4 file system of that label on a virtio disk, at most 16
/// bytes (s_volume_name, fs/ext4/ext4.h).
inline constexpr const char* kScratchLabel = "kdump-scratch";
inline constexpr const char* kScratchFolder = "/var/crash";

}  // namespace kdump::config
