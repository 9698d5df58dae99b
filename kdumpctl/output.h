// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace kdump::ctl {

/// What a verb was asked for goes to standard output; its messages go to standard error.
Status print_text(std::string_view text);

/// Indented, with a newline at the end. Text of unknown origin need not be UTF-8.
Status print_json(const nlohmann::ordered_json& json);

}  // namespace kdump::ctl
