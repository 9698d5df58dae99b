// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <optional>
#include <string>

namespace kdump::ctl::reboot {

/// A fast reboot that was begun, kept in /var/lib/kdump/fast-reboot.json until the host has come up
/// by it. When the host comes up in another way (the watchdog, the power button), the record stays
/// and says that the fast reboot was lost.
struct Departure {
  std::string boot_id;  ///< of the boot that it left
  std::string kernel;   ///< what was to be booted
  std::string at;       ///< UTC, "2026-11-23 09:00:00"
  bool lost = false;
};

/// Nothing when none was begun. kBadData for a damaged file, with the remedy.
Result<std::optional<Departure>> read_departure(const SysRoot& root);

/// Durable: the jump that follows asks no file system any more.
Status write_departure(const SysRoot& root, const Departure& departure);

/// Success when there is none.
Status forget_departure(const SysRoot& root);

/// The departure of this boot, now.
Result<Departure> departure_now(const SysRoot& root, const std::string& kernel);

/// How this boot began, as the kernel knows it: true when another Linux jumped here (x86: the boot
/// loader's type is 0xd, Documentation/arch/x86/boot.rst; arm64: linux,booted-from-kexec). Nothing
/// when the kernel does not say.
[[nodiscard]] std::optional<bool> booted_by_kexec(const SysRoot& root);

enum class Arrival {
  kNone,    ///< no fast reboot was under way
  kCameUp,  ///< this boot is the one
  kLost,    ///< it was begun, and this boot came through the firmware
};

/// Called once this boot is complete; brings the record up to date.
Result<Arrival> note_arrival(const SysRoot& root);

}  // namespace kdump::ctl::reboot
