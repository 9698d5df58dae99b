// SPDX-License-Identifier: GPL-2.0-or-later
// Plans for machines that were recorded in VMs (tests/support/kexec_probe): the whole way from
// /proc and /sys to segments. The kernel image and the initrd are made up, so that only the host
// decides.
#include "kdumpctl/kexec/load_plan.h"
#include "tests/support/golden.h"
#include "tests/support/kexec_host.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace kdump::kexec {
namespace {

const std::string kHosts = test::source_path("tests/data/hosts");

std::vector<std::string> recorded_hosts() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kHosts)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class RecordedHost : public testing::TestWithParam<std::string> {};

TEST_P(RecordedHost, Plan) {
  const auto host = read_host_facts(SysRoot(kHosts + "/" + GetParam()));
  ASSERT_TRUE(host) << host.error().message;
  const KernelImage kernel =
      host->machine == Machine::kArm64 ? test::test_arm64_kernel() : test::test_kernel();
  const std::vector<std::byte> initrd = test::test_bytes(10 << 20);
  const auto plan = plan_crash_load({.kernel = kernel,
                                     .initrd = initrd,
                                     .command_line = "console=ttyS0 reset_devices nr_cpus=1",
                                     .rng_seed = test::test_bytes(32),
                                     .unpacked_initrd = 30 << 20,
                                     .working_memory = 40 << 20},
                                    *host);
  ASSERT_TRUE(plan) << plan.error().message;
  test::expect_golden("kexec/" + GetParam() + ".plan", describe(*plan));
}

INSTANTIATE_TEST_SUITE_P(, RecordedHost, testing::ValuesIn(recorded_hosts()), [](const auto& host) {
  std::string name = host.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace kdump::kexec
