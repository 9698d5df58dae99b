// SPDX-License-Identifier: GPL-2.0-or-later
// The manual pages of the configuration files know every name that the parsers know.
#include "base/io.h"
#include "config/kdump_conf.h"
#include "config/sysconfig.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>

namespace kdump::config {
namespace {

std::string page(const std::string& name) {
  const auto text = read_file(test::source_path("docs/man/" + name));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

TEST(ManualPages, KdumpConfHasEveryOption) {
  const std::string text = page("kdump.conf.5");
  ASSERT_FALSE(kdump_conf_options().empty());
  for (const std::string_view option : kdump_conf_options()) {
    EXPECT_THAT(text, testing::ContainsRegex("\n\\.B[RI]? \"?" + std::string(option) + "[\" \n]"));
  }
}

TEST(ManualPages, SysconfigHasEveryVariable) {
  const std::string text = page("kdump.sysconfig.5");
  ASSERT_FALSE(sysconfig_variables().empty());
  for (const std::string_view variable : sysconfig_variables()) {
    EXPECT_THAT(text, testing::ContainsRegex("\n\\.B " + std::string(variable) + "\n"));
  }
}

}  // namespace
}  // namespace kdump::config
