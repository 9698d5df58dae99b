// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "capture/agent/agent_log.h"
#include "capture/agent/memory_watch.h"
#include "capture/agent/step_report.h"
#include "capture/agent/system.h"
#include "config/capture_plan.h"

namespace kdump::agent {

/// Where the target's file system is mounted.
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
};

/// The worker: from the modules to an unmounted file system with vmcore-dmesg.txt, vmcore and
/// kexec-dmesg.log on it. Success means that the vmcore is whole and on the disk. Failures are
/// logged here; after one, everything that is still worth saving has been tried.
Status capture(const CaptureContext& context);

}  // namespace kdump::agent
