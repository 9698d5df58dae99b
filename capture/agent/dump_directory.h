// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <ctime>
#include <string>

namespace kdump::agent {

/// "127.0.0.1-2026-11-23-06:08:33", the form that the tools which collect dumps look for.
[[nodiscard]] std::string dump_directory_name(const std::string& host, const std::tm& time);

/// Creates this dump's directory below `directory` of the file system mounted on `mount_point`,
/// with the parents that are missing, mode 0700, and makes it durable. Symbolic links lead where
/// they lead on the host, never out of the target into the capture image. A name that exists gets
/// "-2",
/// "-3" ... appended. Returns the path as this kernel sees it.
Result<std::string> create_dump_directory(const std::string& mount_point,
                                          const std::string& directory,
                                          const std::string& name);

}  // namespace kdump::agent
