// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstdint>
#include <optional>

namespace kdump::ctl {

/// What the last successful `kdumpctl test --qemu` has seen the panic kernel need.
struct QemuMeasurement {
  std::int64_t taken = 0;       ///< seconds since 1970
  std::uint64_t reserved = 0;   ///< bytes, in that machine
  std::uint64_t untouched = 0;  ///< bytes of them, at the lowest; never more than `reserved`
  friend bool operator==(const QemuMeasurement&, const QemuMeasurement&) = default;
};

/// /var/lib/kdump/qemu-test; nothing when there was none.
Result<std::optional<QemuMeasurement>> read_qemu_measurement(const SysRoot& root);
Status write_qemu_measurement(const SysRoot& root, const QemuMeasurement& measurement);

}  // namespace kdump::ctl
