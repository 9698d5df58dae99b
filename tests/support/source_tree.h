// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace kdump::test {

/// A file or folder of the source tree: "docs/man/kdumpctl.8" -> its absolute path.
[[nodiscard]] std::string source_path(const std::string& relative);

}  // namespace kdump::test
