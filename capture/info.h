// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/fields.h"

#include <string>
#include <vector>

namespace kdump::capture {

/// What a dump says of itself: its headers, its notes, how many pages it has and how they are
/// stored. Works for every form that the collector reads; the contents of pages are not looked at.
/// Errors name `path`.
Result<std::vector<Field>> describe_dump(const std::string& path);

}  // namespace kdump::capture
