// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/network_plan.h"
#include "config/plan_reader.h"

#include <string>

namespace kdump::config {

/// The "network" part of the capture plan. Strict, as capture_plan_from_json(): addresses parse,
/// lengths fit them, names are names, and an interface refers to earlier ones only.
Result<PlannedNetwork> read_network(const Json& json, const std::string& where);
[[nodiscard]] Json write_network(const PlannedNetwork& network);

}  // namespace kdump::config
