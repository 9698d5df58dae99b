// SPDX-License-Identifier: GPL-2.0-or-later
// What `kdumpctl estimate` goes by: parts, the last capture, or the last test in QEMU.
#include "kdumpctl/qemu_measurement.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>

namespace kdump::ctl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kReserved = 192 * kMiB;  // VerbHost's
constexpr const char* kDump = "/var/crash/127.0.0.1-2026-11-03-04:05:06";
constexpr const char* kMeasured = "/var/lib/kdump/qemu-test";

std::string estimate_of(VerbHost& host) {
  const std::size_t before = host.transcript().size();
  host.run("estimate");
  return host.transcript().substr(before);
}

std::int64_t seconds_of(const VerbHost& host, const std::string& path) {
  const auto time = fs::last_write_time(host.tree.path(path));
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::file_clock::to_sys(time).time_since_epoch())
      .count();
}

/// 100 MiB of 180 were never used.
void add_capture(const VerbHost& host) {
  host.tree.write(std::string(kDump) + "/vmcore", "a vmcore\n");
  host.tree.write(
      std::string(kDump) + "/kexec-dmesg.log",
      "kdump-agent: memory: 102400 of 184320 KiB available at the lowest; largest program 9 KiB\n");
}

TEST(MemoryEstimate, WithoutAMeasurementThePartsCount) {
  VerbHost host;
  host.run("start");
  const std::string said = estimate_of(host);
  EXPECT_THAT(said, Not(HasSubstr("Needed by")));
  EXPECT_THAT(said, HasSubstr("Estimated from parts: "));
}

TEST(MemoryEstimate, TheTestInQemuCountsWithAllModulesOnTop) {
  VerbHost host;
  host.run("start");
  ASSERT_TRUE(write_qemu_measurement(host.tree.root(), {1'795'000'000, 256 * kMiB, 176 * kMiB}));
  const std::string said = estimate_of(host);
  // Its image has one module of 9 bytes.
  EXPECT_THAT(said,
              HasSubstr("Needed by the test in QEMU of 2026-11-18-11:06:40, with all modules on "
                        "top: 81M\n"));
  EXPECT_THAT(said, HasSubstr("Recommended crashkernel: 112M\n"));  // 80 * 5/4, whole 16 MiB
  host.run("estimate --json");
  EXPECT_THAT(host.transcript(), HasSubstr("\"measured_by\": \"qemu\""));
}

TEST(MemoryEstimate, TheNewerOneOfCaptureAndTestCounts) {
  VerbHost host;
  host.run("start");
  add_capture(host);
  EXPECT_THAT(estimate_of(host), HasSubstr("Needed by the capture of 2026-11-03-04:05:06: 92M\n"));
  const std::int64_t captured = seconds_of(host, std::string(kDump) + "/vmcore");
  ASSERT_TRUE(write_qemu_measurement(host.tree.root(), {captured - 60, kReserved, kReserved / 2}));
  EXPECT_THAT(estimate_of(host), HasSubstr("Needed by the capture of"));
  ASSERT_TRUE(write_qemu_measurement(host.tree.root(), {captured + 60, kReserved, kReserved / 2}));
  EXPECT_THAT(estimate_of(host), HasSubstr("Needed by the test in QEMU of"));
}

TEST(MemoryEstimate, ADamagedMeasurementIsNamedAndLeftOut) {
  VerbHost host;
  host.run("start");
  for (const char* text : {"", "1", "1 2 3", "x 2 1", "1 2 1 4"}) {
    host.tree.write(kMeasured, text);
    const std::string said = estimate_of(host);
    EXPECT_THAT(said, HasSubstr("WARNING: /var/lib/kdump/qemu-test is damaged")) << text;
    EXPECT_THAT(said, Not(HasSubstr("Needed by"))) << text;
  }
}

TEST(MemoryEstimate, AMeasurementComesBack) {
  const test::TempTree tree;
  EXPECT_FALSE(*read_qemu_measurement(tree.root()));
  const QemuMeasurement measurement{1'795'000'000, 256 * kMiB, 3};
  ASSERT_TRUE(write_qemu_measurement(tree.root(), measurement));
  EXPECT_EQ(**read_qemu_measurement(tree.root()), measurement);
}

}  // namespace
}  // namespace kdump::ctl
