// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/memory_reserve.h"
#include "capture/agent/memory_watch.h"
#include "capture/agent/step_report.h"
#include "capture/agent/system.h"
#include "config/capture_plan.h"

#include <cstddef>
#include <string>

namespace kdump::agent {

/// Where the first target's file system is mounted; hooks find it there.
inline constexpr const char* kMountPoint = "/kdumproot";
inline constexpr const char* kVmcorePath = "/proc/vmcore";

/// What every step of the worker uses.
struct CaptureContext {
  const config::CapturePlan& plan;
  SysRoot root;  ///< of the capture kernel: /proc, /sys, /dev, kMountPoint
  System& system;
  AgentLog& log;
  StepClock& steps;
  MemoryWatch& memory;
  MemoryReserve& reserve;
};

/// What became of the dump.
enum class CaptureEnd {
  kSaved,     ///< the vmcore is whole and on the disk
  kDeclined,  ///< kdump_pre wanted none
  kFailed,    ///< no target took it
};

/// Where the target with this index in the plan is mounted: kMountPoint the first one.
[[nodiscard]] std::string mount_point_of(const SysRoot& root, std::size_t target);

/// Whether something else is tried when the target whose turn it is takes nothing: then it is
/// waited for less long.
[[nodiscard]] bool is_followed(const CaptureContext& context);

/// Says in the log how little memory was left so far.
void log_memory(const CaptureContext& context);

/// The worker: tries the plan's targets from `first_target` on until one has vmcore-dmesg.txt,
/// vmcore and kexec-dmesg.log. Failures are logged here; after each, everything that is still worth
/// saving has been tried.
CaptureEnd capture(const CaptureContext& context, std::size_t first_target = 0);

}  // namespace kdump::agent
