// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <cstdint>
#include <string>

namespace kdump::ctl {

/// What the size of the default reservation depends on.
struct CrashkernelFacts {
  std::string machine;             ///< as uname(2) names it
  std::uint64_t page_size = 4096;  ///< of the running kernel, bytes
  bool memory_encrypted = false;   ///< AMD SME or SEV is active: DMA needs bounce buffers
  bool mlx5 = false;               ///< a network adapter of this driver is there
  bool smmu = false;               ///< an ARM SMMU is
};

/// Reads them from sysfs and, for memory encryption, from the kernel's messages, which needs root.
Result<CrashkernelFacts> read_crashkernel_facts(const SysRoot& root);

/// The value of crashkernel= that Fedora and RHEL give such a host: ranges of RAM with the size for
/// each. kUnsupported for a machine that has no default. Pure.
Result<std::string> default_crashkernel(const CrashkernelFacts& facts);

}  // namespace kdump::ctl
