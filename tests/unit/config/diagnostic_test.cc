// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/diagnostic.h"

#include <gtest/gtest.h>

namespace kdump::config {
namespace {

TEST(Diagnostic, NamesFileLineMessageAndRemedy) {
  const Diagnostic finding{Severity::kError, "/etc/kdump.conf", 7, "Bad value", "Write 0 or 1"};
  EXPECT_EQ(finding.to_string(), "/etc/kdump.conf:7: Bad value. Write 0 or 1.");
}

TEST(Diagnostic, LeavesOutWhatIsNotThereAndDoublesNoFullStop) {
  const Diagnostic finding{Severity::kWarning, "/etc/kdump.conf", 0, "All is odd.", ""};
  EXPECT_EQ(finding.to_string(), "/etc/kdump.conf: All is odd.");
}

TEST(Diagnostic, AQuestionHasItsOwnMark) {
  const Diagnostic finding{Severity::kError, "f", 1, "Bad word", "Did you mean 'path'?"};
  EXPECT_EQ(finding.to_string(), "f:1: Bad word. Did you mean 'path'?");
}

TEST(Diagnostic, OnlyAnErrorIsAnError) {
  const Diagnostic warning{Severity::kWarning, "f", 1, "m", ""};
  const Diagnostic error{Severity::kError, "f", 1, "m", ""};
  EXPECT_FALSE(has_errors({}));
  EXPECT_FALSE(has_errors({warning}));
  EXPECT_TRUE(has_errors({warning, error}));
}

}  // namespace
}  // namespace kdump::config
