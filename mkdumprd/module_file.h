// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace kdump::mkdumprd {

/// The content of a file that may be packed with gzip, xz or zstd (a kernel module, config.gz),
/// unpacked: finit_module(2) takes such a file on every kernel, and a signature at its end stays
/// valid. At most 256 MiB. Never runs a program.
Result<std::string> read_unpacked(const std::string& path);

}  // namespace kdump::mkdumprd
