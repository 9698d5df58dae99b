// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kdump {

/// The text of the symbolic link at a path, nothing where a file or a folder lies; an error where
/// there is neither.
using LinkAt = std::function<Result<std::optional<std::string>>(const std::string& path)>;

/// Where `absolute` leads when every symbolic link on the way is followed: an absolute path without
/// links, "." and "..". The parent of "/" is "/". `link_at` is asked once for each component met,
/// in order, with all before it free of links. Errors: those of `link_at`; kSystem with ELOOP after
/// 40 links (MAXSYMLINKS in the kernel's include/linux/namei.h).
Result<std::string> follow_links(std::string_view absolute, const LinkAt& link_at);

}  // namespace kdump
