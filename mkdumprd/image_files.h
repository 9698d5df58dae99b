// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace kdump::mkdumprd {

/// One file's content out of an image; `name` with or without a slash in front. kNotFound when the
/// image has no such file. At most 256 MiB.
Result<std::string> read_image_file(const std::string& image, std::string_view name);

struct ImageFile {
  mode_t mode = 0;  ///< type and permission bits
  std::string link_target;
  std::string content;
};
/// By path, without a slash in front.
using ImageContent = std::map<std::string, ImageFile>;

/// All of an image. At most 256 MiB a file.
Result<ImageContent> read_image(const std::string& image);

/// Unpacks files, folders and links (no device nodes) into an existing folder, never out of it.
Status unpack_image(const std::string& image, const std::string& folder);

}  // namespace kdump::mkdumprd
