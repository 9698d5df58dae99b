// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace kdump::mkdumprd {

/// One file's content out of an image; `name` with or without a slash in front. kNotFound when the
/// image has no such file. At most 256 MiB.
Result<std::string> read_image_file(const std::string& image, std::string_view name);

/// Unpacks files, folders and links (no device nodes) into an existing folder, never out of it.
Status unpack_image(const std::string& image, const std::string& folder);

}  // namespace kdump::mkdumprd
