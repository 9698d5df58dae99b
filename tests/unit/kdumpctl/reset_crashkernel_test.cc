// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

namespace kdump::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kEntry = "/boot/loader/entries/m-6.1.0-9-amd64.conf";
constexpr const char* kOther = "/boot/loader/entries/m-6.1.0-8-amd64.conf";
constexpr const char* kDefault = "crashkernel=2G-64G:256M,64G-:512M";

class ResetCrashkernel : public testing::Test {
 protected:
  void add_entries(const std::string& value) const {
    for (const char* version : {"6.1.0-9-amd64", "6.1.0-8-amd64"}) {
      host_.tree.write(std::string("/boot/loader/entries/m-") + version + ".conf",
                       fmt::format("title Linux {0}\nversion {0}\nlinux /vmlinuz-{0}\n"
                                   "initrd /initrd-{0}\noptions root=/dev/vda1 {1} quiet\n",
                                   version,
                                   value));
    }
  }
  void enable_service() const {
    host_.tree.link("/etc/systemd/system/multi-user.target.wants/kdump.service", "/x");
  }
  [[nodiscard]] std::string read(const char* path) const { return host_.tree.read(path); }
  VerbHost host_;
};

TEST_F(ResetCrashkernel, BootEntriesAndTheFilesThatNewOnesAreMadeOf) {
  host_.run("reset-crashkernel");
  add_entries("crashkernel=192M");
  host_.tree.write("/etc/default/grub", "# mine\nGRUB_CMDLINE_LINUX=\"quiet\"\n");
  host_.tree.write("/etc/kernel/cmdline",
                   "root=/dev/vda1 crashkernel=1G,high crashkernel=64M,low\n");
  host_.run("reset-crashkernel --dry-run");
  EXPECT_THAT(read(kEntry), HasSubstr("crashkernel=192M quiet"));
  host_.run("reset-crashkernel");
  EXPECT_THAT(read(kEntry),
              HasSubstr("options root=/dev/vda1 " + std::string(kDefault) + " quiet"));
  EXPECT_THAT(read(kOther), HasSubstr("crashkernel=192M"));
  host_.run("reset-crashkernel");
  host_.run("reset-crashkernel --kernel=/boot/vmlinuz-6.1.0-8-amd64");
  EXPECT_THAT(read(kOther), HasSubstr(kDefault));
  host_.run("reset-crashkernel --kernel=/boot/vmlinuz-5");
  host_.run("reset-crashkernel --fadump=on");
  host_.run("reset-crashkernel --fadump=maybe");
  test::expect_golden("kdumpctl/reset-crashkernel.txt",
                      host_.transcript() + read("/etc/default/grub") + read("/etc/kernel/cmdline"));
}

TEST_F(ResetCrashkernel, GrubbyChangesTheEntriesWhereItIs) {
  add_entries("crashkernel=192M");
  host_.tree.write("/usr/sbin/grubby", "");
  host_.tree.write("/boot/vmlinuz-6.1.0-8-amd64", "");
  host_.run("reset-crashkernel --kernel=ALL");
  EXPECT_THAT(
      host_.programs,
      ElementsAre(std::string("/usr/sbin/grubby --update-kernel=/boot/vmlinuz-6.1.0-8-amd64 "
                              "--args=") +
                      kDefault,
                  std::string("/usr/sbin/grubby --update-kernel=/boot/vmlinuz-6.1.0-9-amd64 "
                              "--args=") +
                      kDefault));
}

TEST_F(ResetCrashkernel, AnOstreeHostGetsItsKargs) {
  host_.tree.write("/run/ostree-booted", "");
  host_.run("reset-crashkernel");
  EXPECT_THAT(host_.programs,
              ElementsAre(std::string("rpm-ostree kargs --delete-if-present=crashkernel=192M "
                                      "--append=") +
                          kDefault));
}

TEST_F(ResetCrashkernel, GrubsMenuIsMadeAnewAndTheLastWordIsZipls) {
  host_.tree.write("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"\n");
  host_.tree.write("/usr/sbin/update-grub", "");
  host_.tree.write("/etc/zipl.conf", "");
  host_.run("reset-crashkernel");
  EXPECT_THAT(host_.programs, ElementsAre("/usr/sbin/update-grub", "zipl"));
  EXPECT_EQ(read("/etc/default/grub"), "GRUB_CMDLINE_LINUX=\"" + std::string(kDefault) + "\"\n");
}

TEST_F(ResetCrashkernel, AnUpdateLeavesTheAdministratorsValueAlone) {
  add_entries("crashkernel=777M");
  enable_service();
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), HasSubstr("crashkernel=777M"));
  add_entries("");
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), testing::Not(HasSubstr("crashkernel")));
}

TEST_F(ResetCrashkernel, AnUpdateReplacesFormerDefaultsAndWhatKdumpctlHasSet) {
  add_entries("crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M");
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), HasSubstr("1G-4G"));  // the service is not enabled
  enable_service();
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), HasSubstr(kDefault));
  EXPECT_THAT(read(kOther), HasSubstr(kDefault));
  host_.tree.write("/var/lib/kdump/crashkernel", "300M\n");
  add_entries("crashkernel=300M");
  host_.tree.write("/etc/kdump.conf", "auto_reset_crashkernel no\n");
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), HasSubstr("300M"));
  host_.tree.write("/etc/kdump.conf", "");
  host_.run("_reset-crashkernel-after-update");
  EXPECT_THAT(read(kEntry), HasSubstr(kDefault));
}

TEST_F(ResetCrashkernel, ANewKernelGetsWhatTheRunningOneHas) {
  add_entries("");
  enable_service();
  host_.tree.write("/proc/cmdline", "root=/dev/vda1 crashkernel=1G,high crashkernel=64M,low\n");
  host_.run("_reset-crashkernel-for-installed_kernel 6.1.0-8-amd64");
  EXPECT_THAT(read(kOther), HasSubstr("quiet crashkernel=1G,high crashkernel=64M,low\n"));
  EXPECT_THAT(read(kEntry), testing::Not(HasSubstr("crashkernel")));
  add_entries("crashkernel=777M");
  host_.run("_reset-crashkernel-for-installed_kernel 6.1.0-8-amd64");
  EXPECT_THAT(read(kOther), HasSubstr("777M"));
  EXPECT_THAT(host_.programs, IsEmpty());
}

}  // namespace
}  // namespace kdump::ctl
