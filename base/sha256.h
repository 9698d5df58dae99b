// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>
#include <string>

namespace kdump {

/// 64 hexadecimal digits.
Result<std::string> sha256_of(std::span<const std::byte> content);

/// Of a file, which is read in pieces: its size does not matter.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace kdump
