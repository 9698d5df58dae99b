// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/default_crashkernel.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

namespace kdump::ctl {
namespace {

TEST(DefaultCrashkernel, IsThatOfKdumpUtils) {
  struct Row {
    CrashkernelFacts facts;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {{.machine = "x86_64"}, "2G-64G:256M,64G-:512M"},
           {{.machine = "x86_64", .memory_encrypted = true}, "2G-64G:320M,64G-:576M"},
           {{.machine = "x86_64", .mlx5 = true}, "2G-64G:256M,64G-:512M"},
           {{.machine = "aarch64"}, "2G-4G:256M,4G-64G:320M,64G-:576M"},
           {{.machine = "aarch64", .mlx5 = true}, "2G-4G:406M,4G-64G:470M,64G-:726M"},
           {{.machine = "aarch64", .smmu = true}, "2G-4G:256M,4G-64G:320M,64G-:576M"},
           {{.machine = "aarch64", .page_size = 65536}, "2G-4G:356M,4G-64G:420M,64G-:676M"},
           {{.machine = "aarch64", .page_size = 65536, .mlx5 = true, .smmu = true},
            "2G-4G:940M,4G-64G:1004M,64G-:1260M"}}) {
    EXPECT_EQ(default_crashkernel(row.facts).value_or("error"), row.expected);
  }
  EXPECT_EQ(default_crashkernel({.machine = "riscv64"}).error().kind, ErrorKind::kUnsupported);
}

TEST(DefaultCrashkernel, FactsComeFromTheHost) {
  const test::TempTree tree;
  const auto plain = read_crashkernel_facts(tree.root());
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->mlx5 || plain->smmu || plain->memory_encrypted);
  tree.make_directory("/sys/bus/pci/drivers/mlx5_core");
  tree.make_directory("/sys/devices/platform/arm-smmu-v3.0.auto");
  const auto loaded = read_crashkernel_facts(tree.root());
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->mlx5 && loaded->smmu);
}

}  // namespace
}  // namespace kdump::ctl
