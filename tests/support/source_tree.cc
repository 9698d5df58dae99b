// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/source_tree.h"

namespace kdump::test {

std::string source_path(const std::string& relative) { return KDUMP_SOURCE_DIR "/" + relative; }

}  // namespace kdump::test
