// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/kdump_config.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/context.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

struct LargeModule {
  std::string name;
  std::uint64_t size = 0;  ///< bytes
};

/// What a capture kernel of this host needs, part by part; bytes. The parts are upper bounds where
/// nothing was measured.
struct MemoryEstimate {
  std::uint64_t reserved = 0;
  std::uint64_t kernel = 0;        ///< unpacked, with its data (init_size of the boot protocol)
  std::uint64_t modules = 0;       ///< of the image, loaded
  std::uint64_t image = 0;         ///< packed and unpacked: both are there when it is unpacked
  std::uint64_t page_structs = 0;  ///< struct page of the reservation
  std::uint64_t runtime = 0;       ///< the kernel's own data, agent and collector
  std::vector<LargeModule> large_modules;  ///< above 1 MiB, the largest first
  enum class Measure { kNone, kCapture, kQemu };
  /// Which of the two that measure is newer.
  Measure measured_by = Measure::kNone;
  /// The reservation less what was never touched. In QEMU's machine with `modules` on top, as the
  /// drivers of this host may not have been loaded there.
  std::uint64_t measured = 0;
  std::string measured_at{};       ///< the date of that capture or test
  std::string default_value;       ///< of crashkernel= for such hosts; "" unknown
  std::uint64_t default_size = 0;  ///< what that comes to here

  [[nodiscard]] std::uint64_t parts() const {
    return kernel + modules + image + page_structs + runtime;
  }
  /// Measured with a quarter on top, else the larger of parts and default; in whole steps of 16
  /// MiB.
  [[nodiscard]] std::uint64_t recommended() const;
};

/// kNotFound when there is no image to judge by.
Result<MemoryEstimate> estimate_memory(const Context& context,
                                       const config::KdumpConfig& config,
                                       const CaptureKernel& target);

}  // namespace kdump::ctl
