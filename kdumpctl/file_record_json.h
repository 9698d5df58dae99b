// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/file_record.h"

#include <nlohmann/json_fwd.hpp>

namespace kdump::ctl {

[[nodiscard]] nlohmann::ordered_json to_json(const FileRecord& record);

/// Throws nlohmann::json::exception, as the library does, for one that lacks something.
[[nodiscard]] FileRecord file_record_from(const nlohmann::ordered_json& json);

}  // namespace kdump::ctl
