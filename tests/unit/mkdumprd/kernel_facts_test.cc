// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/kernel_facts.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::mkdumprd {
namespace {

using test::kRelease;
using test::TestHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kModules = std::string("/usr/lib/modules/") + kRelease;

TEST(KernelFacts, RunningKernel) {
  const TestHost host;
  host.tree().write(kModules + "/modules.dep.bin", "");
  host.tree().write("/proc/filesystems", "nodev\tproc\n\text4\n\tvfat\n");
  host.tree().write("/proc/modules",
                    "virtio_blk 20480 2 - Live 0x0\nquota_v2 16384 1 - Live 0x0\n");
  const auto kernel = read_kernel(host.root(), "");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, kRelease);
  EXPECT_EQ(kernel->modules_folder, kModules);
  EXPECT_TRUE(kernel->is_running);
  EXPECT_THAT(kernel->registered_file_systems, ElementsAre("proc", "ext4", "vfat"));
  EXPECT_THAT(kernel->loaded_modules, ElementsAre("virtio_blk", "quota_v2"));
}

TEST(KernelFacts, AnotherKernelSaysNothingThroughProc) {
  const TestHost host;
  host.tree().write("/usr/lib/modules/5.5/modules.dep.bin", "");
  host.tree().write("/proc/modules", "virtio_blk 20480 2 - Live 0x0\n");
  const auto kernel = read_kernel(host.root(), "5.5");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_FALSE(kernel->is_running);
  EXPECT_THAT(kernel->registered_file_systems, IsEmpty());
  EXPECT_THAT(kernel->loaded_modules, IsEmpty());
}

TEST(KernelFacts, AbsentModulesNameTheRemedy) {
  const TestHost host;
  auto kernel = read_kernel(host.root(), "9.9");
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(kernel.error().message, HasSubstr("no modules for kernel 9.9"));
  host.tree().make_directory("/usr/lib/modules/9.9");
  kernel = read_kernel(host.root(), "9.9");
  ASSERT_FALSE(kernel);
  EXPECT_THAT(kernel.error().message, HasSubstr("depmod 9.9"));
}

TEST(KernelFacts, ReleaseIsOneName) {
  const TestHost host;
  for (const char* release : {"../../etc", "a/b", ".", ".."}) {
    const auto kernel = read_kernel(host.root(), release);
    ASSERT_FALSE(kernel) << release;
    EXPECT_EQ(kernel.error().kind, ErrorKind::kUsage);
  }
}

struct PackingCase {
  const char* name;
  const char* file;
  const char* text;
  Packing packing;
};

class KernelPacking : public testing::TestWithParam<PackingCase> {};

TEST_P(KernelPacking, FollowsTheKernelsConfiguration) {
  const PackingCase& c = GetParam();
  const TestHost host;
  host.tree().write(kModules + "/modules.dep.bin", "");
  if (c.file[0] != '\0') host.tree().write(c.file, c.text);
  const auto kernel = read_kernel(host.root(), "");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->packing, c.packing) << kernel->packing_reason;
  EXPECT_THAT(kernel->packing_reason, HasSubstr(c.file));
}

constexpr const char* kBoot = "/boot/config-6.9.0-test";

INSTANTIATE_TEST_SUITE_P(
    All,
    KernelPacking,
    testing::Values(
        PackingCase{"Both", kBoot, "CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=y\n", Packing::kZstd},
        PackingCase{
            "Gzip", kBoot, "CONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n", Packing::kGzip},
        PackingCase{
            "ModuleIsNotYes", kBoot, "CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=m\n", Packing::kGzip},
        PackingCase{"LongerName", kBoot, "CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTDX=y\n", Packing::kGzip},
        PackingCase{"Neither", kBoot, "CONFIG_RD_XZ=y\n", Packing::kNone},
        PackingCase{"BesideTheModules",
                    "/usr/lib/modules/6.9.0-test/config",
                    "CONFIG_RD_ZSTD=y\n",
                    Packing::kZstd},
        PackingCase{"OfTheRunningKernel", "/proc/config.gz", "CONFIG_RD_ZSTD=y\n", Packing::kZstd},
        PackingCase{"Unknown", "", "", Packing::kGzip}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kdump::mkdumprd
