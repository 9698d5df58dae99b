// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "mkdumprd/archive_handle.h"

#include <functional>
#include <string>

namespace kdump::mkdumprd {

/// Calls `visit` with each entry of a (packed) cpio archive, in order, until it returns false. Only
/// for the sources that read archives. kBadData when the file is none.
Status each_image_entry(const std::string& image,
                        const std::function<Result<bool>(archive*, archive_entry*)>& visit);

}  // namespace kdump::mkdumprd
