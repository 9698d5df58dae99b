// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/crashkernel_value.h"

#include <gtest/gtest.h>

namespace kdump::config {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

TEST(CrashkernelValue, WhatItAsksFor) {
  struct Row {
    const char* value;
    std::uint64_t ram;
    std::uint64_t mib;
  };
  const Row rows[] = {{"256M", kGiB, 256},
                      {"256M@16M", kGiB, 256},
                      {"1G,high", kGiB, 1024},
                      {"64M,low", kGiB, 64},
                      {"512M,cma", kGiB, 512},
                      {"2G-64G:256M,64G-:512M", kGiB, 0},
                      {"2G-64G:256M,64G-:512M", 2 * kGiB, 256},
                      // A machine of 2 GiB shows a little less.
                      {"2G-64G:256M,64G-:512M", 2 * kGiB - 40 * kMiB, 256},
                      {"2G-64G:256M,64G-:512M", 64 * kGiB, 512},
                      {"512M-2G:64M,2G-:128M@16M", 4 * kGiB, 128},
                      {"384M-:128M", kGiB, 128}};
  for (const Row& row : rows) {
    const auto request = parse_crashkernel(row.value, row.ram);
    ASSERT_TRUE(request) << row.value;
    EXPECT_EQ(request->total(), row.mib * kMiB) << row.value;
  }
  EXPECT_TRUE(parse_crashkernel("1G,high", kGiB)->high);
  EXPECT_EQ(parse_crashkernel("1G,cma", kGiB)->cma, kGiB);
}

TEST(CrashkernelValue, WhatItCannotMean) {
  for (const char* value :
       {"", "auto", "256M,", "256M,middle", "2G:256M", "4G-2G:1M", "2G-4G:", "-2G:1M", "256M@x"}) {
    EXPECT_FALSE(parse_crashkernel(value, kGiB)) << value;
  }
}

}  // namespace
}  // namespace kdump::config
