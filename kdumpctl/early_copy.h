// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/file_record.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// What the host's own initramfs carries so that it can load the panic kernel before the root file
/// system is mounted. The files lie in it under the host's names.
struct EarlyCopy {
  std::string kernel_version;  ///< of the panic kernel
  std::string boot_id;         ///< of the boot in which the copy was made
  FileRecord kernel;
  FileRecord image;
  FileRecord settings;  ///< /etc/sysconfig/kdump; sha256 is "" when there is none
  friend bool operator==(const EarlyCopy&, const EarlyCopy&) = default;
};

/// The record in an initramfs.
inline constexpr const char* kEarlyCopyInInitramfs = "/etc/kdump/early.json";
/// That of the initramfs which has booted this host and was asked to load; world-readable.
inline constexpr const char* kEarlyCopyOfThisBoot = "/run/kdump/early.json";

/// Copies kernel, image and settings below `folder` with their record, and leaves the record beside
/// the image, too. A unified kernel image, which holds the initramfs, cannot be in it: the kernel
/// is then the one in /lib/modules. kNotFound when an input is absent.
Status make_early_copy(const SysRoot& root, const CaptureKernel& target, const std::string& folder);

/// Nothing when there is none; kBadData for a damaged one.
Result<std::optional<EarlyCopy>> read_early_copy(const SysRoot& root, const std::string& path);
Status write_early_copy(const SysRoot& root, const std::string& path, const EarlyCopy& copy);

/// Whether rd.earlykdump asks for it on the running kernel's command line.
[[nodiscard]] bool wants_early_load(const SysRoot& root);

/// Whether the next crash before kdump.service finds today's panic kernel loaded.
struct EarlyState {
  enum class Kind {
    kCurrent,
    kStale,
    kNone,  ///< the initramfs has nothing to load
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> changed{};  ///< for kStale
  std::string remedy{};                ///< unless it is current
};

/// Nothing on a host that does not ask for it. An initramfs that was made in this boot counts, else
/// the one that has booted.
Result<std::optional<EarlyState>> early_state(const SysRoot& root, const CaptureKernel& target);

/// "the copy in the initramfs ...", for people.
[[nodiscard]] std::string text_of(const EarlyState& early);

/// "current", "stale", "none".
[[nodiscard]] const char* to_string(EarlyState::Kind kind);

}  // namespace kdump::ctl
