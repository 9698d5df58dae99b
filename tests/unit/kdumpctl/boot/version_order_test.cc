// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/version_order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kdump::boot {
namespace {

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

TEST(VersionOrder, TheSpecificationsOwnExamples) {
  // UAPI.10, "Examples": each is older than the next.
  const std::vector<std::string> oldest_first = {"122.1",
                                                 "123~rc1-1",
                                                 "123",
                                                 "123-a",
                                                 "123-a.1",
                                                 "123-1",
                                                 "123-1.1",
                                                 "123^post1",
                                                 "123.a-1",
                                                 "123.1-1",
                                                 "123a-1",
                                                 "124-1"};
  for (std::size_t i = 0; i < oldest_first.size(); ++i) {
    for (std::size_t j = 0; j < oldest_first.size(); ++j) {
      EXPECT_EQ(sign(compare_versions(oldest_first[i], oldest_first[j])),
                i < j   ? -1
                : i > j ? 1
                        : 0)
          << oldest_first[i] << " and " << oldest_first[j];
    }
  }
}

struct Row {
  const char* older;
  const char* newer;
};

TEST(VersionOrder, Kernels) {
  for (const auto& [older, newer] : std::vector<Row>{{"6.1.0-9-amd64", "6.1.0-10-amd64"},
                                                     {"6.9.12", "6.10.1"},
                                                     {"6.12~rc3", "6.12"},
                                                     {"5.14.0-427.el9", "5.14.0-427.20.1.el9"},
                                                     {"5.9", "5.10"},
                                                     {"", "0"},
                                                     {"a", "0"}}) {
    EXPECT_LT(compare_versions(older, newer), 0) << older << " " << newer;
    EXPECT_GT(compare_versions(newer, older), 0) << older << " " << newer;
  }
  EXPECT_EQ(compare_versions("6.01", "6.1"), 0);
  EXPECT_EQ(compare_versions("6.1_x", "6.1x"), 0);
}

TEST(VersionOrder, FileNamesOfBlscfg) {
  const std::string id = "d0c7b2e9f3f24f5f8a3c";
  for (const auto& [older, newer] :
       std::vector<Row>{{"-0-rescue", "-5.14.0-70.el9.x86_64"},
                        {"-5.14.0-70.el9.x86_64", "-5.14.0-162.6.1.el9_1.x86_64"},
                        {"-5.14.0-427.el9.x86_64", "-5.14.0-427.el9.x86_64+debug"},
                        {"-5.14.0-427.el9.x86_64", "-5.14.0-427.20.1.el9_4.x86_64"}}) {
    EXPECT_LT(compare_bls_file_names(id + older, id + newer), 0) << older << " " << newer;
    EXPECT_GT(compare_bls_file_names(id + newer, id + older), 0) << older << " " << newer;
  }
  EXPECT_EQ(compare_bls_file_names("a-1-2", "a-1-2"), 0);
}

}  // namespace
}  // namespace kdump::boot
