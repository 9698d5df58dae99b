// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "mkdumprd/kernel_facts.h"
#include "mkdumprd/module_closure.h"
#include "mkdumprd/target_facts.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// What the capture kernel has to load for this target: the drivers of its device stack from the
/// bus to the disk, then its file system. Pure.
[[nodiscard]] std::vector<ModuleWish> wish_modules(const KernelFacts& kernel,
                                                   const TargetFacts& target);
/// The driver of one device on the way.
[[nodiscard]] ModuleWish wish_driver(const StackDevice& device);
/// What a host with UEFI keeps the record of a failed capture with; nothing on others. Without it
/// the record has one place fewer.
[[nodiscard]] std::optional<ModuleWish> wish_failure_record(const SysRoot& root);
/// Modules that the administrator names: each is required.
[[nodiscard]] std::vector<ModuleWish> wish_extra_modules(const std::vector<std::string>& names);

}  // namespace kdump::mkdumprd
