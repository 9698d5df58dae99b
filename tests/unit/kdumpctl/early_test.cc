// SPDX-License-Identifier: GPL-2.0-or-later
// Early kdump: what goes into a host's initramfs, what that does there, and what the host says of
// it.
#include "kdumpctl/armed_state.h"
#include "kdumpctl/early_copy.h"
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace kdump::ctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kAsked = "root=/dev/vda1 ro console=ttyS0 crashkernel=192M rd.earlykdump\n";
constexpr const char* kSettings = "/etc/sysconfig/kdump";

/// A host that asks for it and has dracut, its initramfs, and the way from one into the other.
class EarlyTest : public testing::Test {
 protected:
  EarlyTest() {
    host.tree.write("/proc/cmdline", kAsked);
    host.tree.write("/usr/bin/dracut", "a program\n");
  }

  void make_initramfs() {
    host.run("_early-copy --kernel 6.1.0-9-amd64 " + host.tree.path("/initramfs"));
  }

  /// The machine starts with that initramfs, which has nothing of the host but what was copied.
  void boot() {
    host.tree.write("/proc/sys/kernel/random/boot_id", "another boot\n");
    host.tree.write("/sys/kernel/kexec_crash_loaded", "0\n");
    fs::remove_all(host.tree.path("/run/kdump"));
    for (const char* gone : {"/etc", "/boot", "/usr", "/run"}) {
      fs::remove_all(initramfs.tree.path(gone));
    }
    fs::copy(host.tree.path("/initramfs"),
             initramfs.tree.folder(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    for (const char* own : {"/proc/cmdline", "/proc/sys/kernel/random/boot_id"}) {
      initramfs.tree.write(own, host.tree.read(own));
    }
    initramfs.run("_early-load");
  }

  /// /run stays, and what the kernel says of itself.
  void switch_root() {
    fs::copy(initramfs.tree.path("/run"),
             host.tree.path("/run"),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    host.tree.write("/sys/kernel/kexec_crash_loaded", initramfs.loaded() ? "1\n" : "0\n");
  }

  VerbHost host;
  VerbHost initramfs;
};

TEST_F(EarlyTest, TheInitramfsGetsKernelImageAndSettingsOfToday) {
  make_initramfs();
  EXPECT_THAT(host.builds, SizeIs(1));
  for (const char* file : {kVerbHostKernel, kVerbHostImage, kSettings}) {
    const std::string copy = std::string("/initramfs") + file;
    ASSERT_TRUE(host.tree.exists(copy)) << copy;
    EXPECT_EQ(host.tree.read(copy), host.tree.read(file));
    EXPECT_EQ(host.tree.mode(copy), 0600U);
  }
  make_initramfs();
  EXPECT_THAT(host.builds, SizeIs(1));
  host.tree.write("/etc/kdump.conf", "path /elsewhere\n");
  host.tree.make_directory("/elsewhere");
  make_initramfs();
  EXPECT_THAT(host.builds, SizeIs(2));
}

TEST_F(EarlyTest, ItLoadsWithTheHostsCommandLineAndTheServiceReplacesIt) {
  make_initramfs();
  boot();
  ASSERT_THAT(initramfs.loads, SizeIs(1));
  EXPECT_THAT(initramfs.loads[0].plan.command_line,
              HasSubstr("console=ttyS0 rd.earlykdump nr_cpus=1 reset_devices"));
  switch_root();
  const auto state = read_armed_state(host.tree.root());
  ASSERT_TRUE(state && *state);
  EXPECT_TRUE((*state)->early);
  // Neither the copy's time nor its mode is the host's.
  EXPECT_FALSE(has_changed(host.tree.root(), (*state)->kernel));
  EXPECT_EQ((*state)->image, *record_file(host.tree.root(), kVerbHostImage));
  // By this one udev's rules know that kdump.service has loaded.
  EXPECT_FALSE(host.tree.exists("/run/kdump/armed.json"));
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(1));
  EXPECT_THAT(host.loads, SizeIs(1));
  EXPECT_FALSE((*read_armed_state(host.tree.root()))->early);
  EXPECT_TRUE(host.tree.exists("/run/kdump/armed.json"));
}

TEST_F(EarlyTest, WhatTheHostSays) {
  host.run("start");
  host.run("status");
  make_initramfs();
  host.run("status");
  boot();
  switch_root();
  host.run("status");
  host.run("restart");
  host.run("status");
  host.tree.write(kSettings, "KDUMP_COMMANDLINE_APPEND=\"nr_cpus=2\"\n");
  host.tree.write("/etc/kdump.conf", "path /var/crash\nfinal_action halt\n");
  host.run("restart");
  host.run("status");
  host.run("verify");
  make_initramfs();
  host.run("status");
  fs::remove(host.tree.path("/usr/bin/dracut"));
  host.tree.write(kSettings, "KDUMP_COMMANDLINE_APPEND=\"nr_cpus=1\"\n");
  host.run("status --prometheus -");
  host.run("verify");
  test::expect_golden("kdumpctl/early.txt", initramfs.transcript() + host.transcript());
}

TEST_F(EarlyTest, AnInitramfsThatNeverBootedProvesNothing) {
  make_initramfs();
  host.tree.write("/proc/sys/kernel/random/boot_id", "another boot\n");
  host.run("verify");
  EXPECT_THAT(host.transcript(), HasSubstr("FAIL  early kdump: rd.earlykdump is on the kernel"));
}

TEST_F(EarlyTest, ADamagedCopyIsNotLoaded) {
  make_initramfs();
  host.tree.write(std::string("/initramfs") + kVerbHostImage, "070701 half an image\n");
  boot();
  EXPECT_THAT(initramfs.loads, IsEmpty());
  EXPECT_THAT(initramfs.transcript(), HasSubstr("is not what was put there"));
}

TEST_F(EarlyTest, OnlyWhenItIsAskedFor) {
  make_initramfs();
  for (const char* line : {"ro", "ro rd.earlykdump=0", "ro rd.earlykdump=no"}) {
    host.tree.write("/proc/cmdline", line);
    boot();
    host.run("verify");
  }
  EXPECT_THAT(initramfs.loads, IsEmpty());
  EXPECT_THAT(host.transcript(), testing::Not(HasSubstr("early kdump:")));
  host.tree.write("/proc/cmdline", "ro rd.earlykdump=1");
  boot();
  EXPECT_THAT(initramfs.loads, SizeIs(1));
}

TEST_F(EarlyTest, TheInitramfsOfAnotherKernelGetsThatOnesImage) {
  constexpr const char* kOther = "/boot/vmlinuz-6.12.1";
  host.tree.write(kOther, host.tree.read(kVerbHostKernel));
  host.run("_early-copy --kernel 6.12.1 " + host.tree.path("/initramfs"));
  ASSERT_THAT(host.builds, SizeIs(1));
  EXPECT_EQ(host.builds[0].kernel_version, "6.12.1");
  EXPECT_TRUE(host.tree.exists("/initramfs/boot/initramfs-6.12.1kdump.img"));
  EXPECT_FALSE(host.tree.exists(std::string("/initramfs") + kVerbHostKernel));
}

TEST_F(EarlyTest, AUnifiedImageThatHoldsTheInitramfsIsNotPutIntoIt) {
  const CaptureKernel target{"6.1", "/efi/EFI/Linux/a-6.1.efi", kVerbHostImage, {}};
  host.tree.write(target.kernel, "a unified image\n");
  host.tree.write(kVerbHostImage, "an image\n");
  const std::string folder = host.tree.path("/initramfs");
  const auto without = make_early_copy(host.tree.root(), target, folder);
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().message, HasSubstr("/lib/modules/6.1/vmlinuz"));
  host.tree.write("/lib/modules/6.1/vmlinuz", "its kernel\n");
  ASSERT_TRUE(make_early_copy(host.tree.root(), target, folder));
  const auto state = early_state(host.tree.root(), target);
  ASSERT_TRUE(state && *state);
  EXPECT_THAT((*state)->changed, IsEmpty());
}

TEST_F(EarlyTest, MachinesMayReadItToo) {
  host.run("status --json");
  EXPECT_THAT(host.transcript(), HasSubstr(R"("early": {
    "state": "none",
    "changes": []
  })"));
}

TEST_F(EarlyTest, ADamagedRecordIsNamed) {
  host.tree.write("/run/kdump/early.json", "{}");
  host.run("verify");
  EXPECT_THAT(host.transcript(), HasSubstr("FAIL  early kdump: /run/kdump/early.json: "));
}

}  // namespace
}  // namespace kdump::ctl
