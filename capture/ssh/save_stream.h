// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/ssh/remote_place.h"

#include <cstdint>

namespace kdump::ssh {

/// Bytes of `fd`, up to its end, one after the other. Returns how many.
Result<std::uint64_t> save_bytes(int fd, RemoteFile& file);

/// A stream in makedumpfile's flattened format (capture/vmcore/flattened_format.h): each record at
/// its place in the file, which has to take any order. Returns the file's length. kBadData: the
/// stream is none, is damaged, or ends before its end marker.
Result<std::uint64_t> save_flattened(int fd, RemoteFile& file);

}  // namespace kdump::ssh
