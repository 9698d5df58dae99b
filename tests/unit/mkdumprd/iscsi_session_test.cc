// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/iscsi_session.h"

#include "tests/unit/mkdumprd/test_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

using config::PlannedIscsi;
using config::PlannedVolume;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSession = "/sys/class/iscsi_session/session2/";
constexpr const char* kConnection = "/sys/class/iscsi_connection/connection2:0/";

/// sda of session2 of host3, as a 6.1 kernel shows it.
class IscsiSession : public testing::Test {
 protected:
  IscsiSession() {
    const std::string folder = "/sys/devices/platform/host3/session2";
    host_.tree().make_directory(folder + "/iscsi_session/session2");
    host_.add_disk(folder + "/target3:0:0/3:0:0:1", "sda", "8:0");
    host_.tree().write(folder + "/target3:0:0/3:0:0:1/modalias", "scsi:t-0x00\n");
    write("/sys/class/scsi_host/host3/", "proc_name", "iscsi_tcp");
    write(kSession, "targetname", "iqn.x:dumps");
    write(kSession, "initiatorname", "iqn.x:me");
    write(kSession, "tpgt", "3");
    for (const char* name : {"username", "password", "username_in", "password_in"}) {
      write(kSession, name, "(null)");
    }
    write(kConnection, "persistent_address", "192.0.2.7");
    write(kConnection, "persistent_port", "3261");
    write(kConnection, "address", "192.0.2.8");
  }
  void write(const std::string& folder, const std::string& name, const std::string& text) const {
    host_.tree().write(folder + name, text + "\n");
  }
  [[nodiscard]] BlockDevice read() const {
    return read_block_device(host_.root(), "8:0").value_or(BlockDevice{});
  }
  test::TestHost host_;
};

TEST_F(IscsiSession, ADiskBringsItsSession) {
  const BlockDevice device = read();
  EXPECT_EQ(device.obstacle, "");
  EXPECT_THAT(device.volumes,
              ElementsAre(PlannedVolume(
                  PlannedIscsi{"iqn.x:me", "iqn.x:dumps", 3, "192.0.2.7", 3261, "", "", "", ""})));
  EXPECT_THAT(device.volume_modules, Contains("iscsi_tcp"));
}

TEST_F(IscsiSession, PasswordsComeAlong) {
  write(kSession, "username", "dumper");
  write(kSession, "password", "secret");
  write(kSession, "username_in", "filer");
  write(kSession, "password_in", "terces");
  const auto session = std::get<PlannedIscsi>(read().volumes.at(0));
  EXPECT_EQ(session.user, "dumper");
  EXPECT_EQ(session.password, "secret");
  EXPECT_EQ(session.target_user, "filer");
  EXPECT_EQ(session.target_password, "terces");
}

TEST_F(IscsiSession, TheInitiatorCanBeTheHosts) {
  write(kSession, "initiatorname", "(null)");
  write("/sys/class/iscsi_host/host3/", "initiatorname", "iqn.x:host");
  EXPECT_EQ(std::get<PlannedIscsi>(read().volumes.at(0)).initiator, "iqn.x:host");
}

TEST_F(IscsiSession, OtherInitiatorsAreRefused) {
  for (const char* driver : {"qla4xxx", "iser", "bnx2i"}) {
    write("/sys/class/scsi_host/host3/", "proc_name", driver);
    EXPECT_THAT(read().obstacle, HasSubstr("of the initiator '" + std::string(driver) + "'"));
    EXPECT_THAT(read().volumes, IsEmpty());
  }
}

TEST_F(IscsiSession, WhatDoesNotTellItsPortalIsRefused) {
  write(kConnection, "persistent_address", "filer.example");
  EXPECT_THAT(read().obstacle, HasSubstr("session2 does not tell its target and portal"));
}

TEST_F(IscsiSession, WithoutTheProgramThePackageIsNamed) {
  const auto none = find_iscsistart(host_.root());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("Install open-iscsi (Debian)"));
  host_.tree().write("/usr/sbin/iscsistart",
                     "\x7f"
                     "ELF");
  ASSERT_EQ(::chmod(host_.tree().path("/usr/sbin/iscsistart").c_str(), 0755), 0);
  EXPECT_EQ(find_iscsistart(host_.root()).value_or(""), "/usr/sbin/iscsistart");
}

}  // namespace
}  // namespace kdump::mkdumprd
