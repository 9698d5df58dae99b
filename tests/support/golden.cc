// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/golden.h"

#include "base/atomic_file.h"
#include "base/io.h"
#include "base/text.h"
#include "tests/support/source_tree.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kdump::test {

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = source_path("tests/golden/" + name);
  if (std::getenv("KDUMP_UPDATE_GOLDEN") != nullptr) {
    const auto written = write_file_atomically(path, 0644, text);
    FAIL() << (written ? "updated " + path : written.error().message);
  }
  const auto expected = read_file(path);
  ASSERT_TRUE(expected) << expected.error().message;
  if (*expected == text) return;
  const auto want = split_lines(*expected);
  const auto have = split_lines(text);
  std::size_t line = 0;
  while (line < want.size() && line < have.size() && want[line] == have[line]) ++line;
  FAIL() << path << " line " << line + 1
         << " differs\n  expected: " << (line < want.size() ? want[line] : "(end)")
         << "\n  actual:   " << (line < have.size() ? have[line] : "(end)");
}

}  // namespace kdump::test
