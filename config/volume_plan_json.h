// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/capture_plan.h"
#include "config/plan_reader.h"

#include <string>

namespace kdump::config {

/// An element of a target's "volumes" in the capture plan. Strict, as capture_plan_from_json():
/// what becomes part of a device-mapper table is one word of it.
Result<PlannedVolume> read_volume(const Json& json, const std::string& where);
[[nodiscard]] Json write_volume(const PlannedVolume& volume);

}  // namespace kdump::config
