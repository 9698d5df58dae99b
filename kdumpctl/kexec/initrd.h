// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kdump::kexec {

/// The files one behind the other, each padded to four bytes, as boot loaders pass several initrds.
/// A file that does not begin like a cpio archive or a format the kernel unpacks is kBadData: the
/// panic kernel would stop without a root.
Result<std::vector<std::byte>> read_initrd(const std::vector<std::string>& paths);

}  // namespace kdump::kexec
