// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace kdump::test {

/// Compares `text` with the file tests/golden/NAME, as a test expectation that shows the first line
/// that differs. With KDUMP_UPDATE_GOLDEN=1 in the environment it writes the file and fails, so
/// that no run can both update and pass.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace kdump::test
