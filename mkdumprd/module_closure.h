// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/host_path.h"
#include "mkdumprd/kernel_facts.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// Modules wanted for one reason. Whatever the names and aliases lead to is taken.
struct ModuleWish {
  std::vector<std::string> names;    ///< module names: taken even if modprobe.d blacklists them
  std::vector<std::string> aliases;  ///< modaliases; as for modprobe, a blacklisted hit is left out
  /// Nothing found, neither as a file nor built in, is an error.
  bool required = false;
  std::string reason;  ///< "driver of /sys/devices/...", "file system of the dump target"
};

struct ClosureModule {
  std::string name;     ///< with underscores
  std::string file;     ///< on the host, without the root's prefix; perhaps packed
  std::string options;  ///< from modprobe.d and the running kernel's command line
  std::string reason;   ///< of the wish, or "needed by NAME"
  friend bool operator==(const ClosureModule&, const ClosureModule&) = default;
};

/// A file that a module names and the host has.
struct ClosureFirmware {
  HostPath host;       ///< perhaps packed: the kernel unpacks what the host's can
  std::string module;  ///< that names it
  friend bool operator==(const ClosureFirmware&, const ClosureFirmware&) = default;
};

struct ModuleClosure {
  std::vector<ClosureModule> modules;  ///< in the order in which they must be inserted
  std::vector<ClosureFirmware> firmware;
  std::vector<std::string> built_in;  ///< wanted, but part of the kernel itself; sorted
  std::vector<std::string> warnings;
};

/// The wishes with everything they need: dependencies, soft dependencies (those that exist),
/// through libkmod's indexes of the kernel, and the firmware that they name (modinfo). The order
/// follows the wishes. A required wish that nothing fulfils is kNotFound and names it.
Result<ModuleClosure> close_modules(const SysRoot& root,
                                    const KernelFacts& kernel,
                                    const std::vector<ModuleWish>& wishes);

}  // namespace kdump::mkdumprd
