// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/volumes.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <linux/dm-ioctl.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Volumes : public testing::Test, public CaptureFixture {
 protected:
  void add_member(const std::string& name, const std::string& type, const std::string& uuid) {
    add_device(name);
    identities["/dev/" + name].member_type = type;
    identities["/dev/" + name].member_uuid = uuid;
  }
  const config::PlannedVolume raid_ = config::PlannedRaid{"ra:id", "1.2", 2};
};

TEST_F(Volumes, AnArrayIsStartedWithAllItsMembers) {
  add_member("vdd", "linux_raid_member", "ra:id");
  add_member("vde", "linux_raid_member", "ra:id");
  add_member("vdf", "linux_raid_member", "other");
  EXPECT_TRUE(set_up_volumes(context(), {raid_}));
  EXPECT_THAT(system.calls_to("raid"), ElementsAre("raid 1.2 /dev/vdd /dev/vde"));
}

TEST_F(Volumes, AnArrayIsStartedWithoutAMemberAtHalfTime) {
  add_member("vdd", "linux_raid_member", "ra:id");
  const Deadline start = system.now();
  EXPECT_TRUE(set_up_volumes(context(), {raid_}));
  EXPECT_THAT(system.calls_to("raid"), ElementsAre("raid 1.2 /dev/vdd"));
  EXPECT_GE(system.now() - start, std::chrono::seconds(plan.deadlines.device / 2));
  EXPECT_THAT(recorded(), HasSubstr("WARNING: the md array ra:id is started with 1 of 2 members"));
}

TEST_F(Volumes, WithoutAnyMemberItFails) {
  EXPECT_FALSE(set_up_volumes(context(), {raid_}));
  EXPECT_THAT(system.calls_to("raid"), IsEmpty());
}

TEST_F(Volumes, AnEncryptedVolumeIsOpenedWithTheKeyThatWasLeft) {
  add_member("vdd", "crypto_LUKS", "03-81");
  add_member("vde", "crypto_LUKS", "other");
  const config::PlannedVolume luks =
      config::PlannedEncrypted{"luks-x", "03-81", "aes-xts-plain64", 48, 0, 7, 4096};
  const auto status = set_up_volumes(context(), {luks});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(system.calls_to("volume_key"), ElementsAre("volume_key kdump-cryptsetup:vk-03-81"));
  EXPECT_THAT(system.calls_to("map"),
              ElementsAre("map luks-x CRYPT-LUKS2-0381-luks-x [0 2000 crypt aes-xts-plain64 00ff 7 "
                          "254:vdd 48 1 sector_size:4096]"));
  EXPECT_THAT(recorded(), testing::Not(HasSubstr("00ff")));
}

TEST_F(Volumes, WithoutItsKeyItStaysClosed) {
  add_member("vdd", "crypto_LUKS", "03-81");
  system.on_volume_key = [](const std::string&) -> Result<std::string> {
    return make_error(ErrorKind::kNotFound, "no key was left");
  };
  config::PlannedEncrypted luks{"luks-x", "03-81", "aes-xts-plain64", 48, 0, 0, 512};
  const auto status = set_up_volumes(context(), {luks});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("no key was left"));
  system.on_volume_key = [](const std::string&) -> Result<std::string> {
    return std::string("00ff");
  };
  luks.length = 2001;  // the device has 2048 sectors
  EXPECT_FALSE(set_up_volumes(context(), {luks}));
  luks.uuid = "elsewhere";
  const auto absent = set_up_volumes(context(), {luks});
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("LUKS UUID=elsewhere) did not appear"));
  EXPECT_THAT(system.calls_to("map"), IsEmpty());
}

TEST(MappedDevice, ATableWithAKeyIsSecret) {
  const auto flags_of = [](const char* type) {
    const auto bytes = encode_table({"x", "", {{0, 8, type, "p"}}});
    dm_ioctl header{};
    std::memcpy(&header, bytes->data(), sizeof(header));
    return header.flags;
  };
  EXPECT_EQ(flags_of("crypt") & DM_SECURE_DATA_FLAG, std::uint32_t{DM_SECURE_DATA_FLAG});
  EXPECT_EQ(flags_of("linear"), 0U);
}

TEST(MappedDevice, TheTableIsWhatTheKernelReads) {
  const auto bytes =
      encode_table({"vg-lv", "", {{0, 100, "linear", "8:1 2048"}, {100, 50, "linear", "8:2 0"}}});
  ASSERT_TRUE(bytes);
  dm_ioctl header{};
  std::memcpy(&header, bytes->data(), sizeof(header));
  EXPECT_EQ(header.target_count, 2U);
  EXPECT_EQ(header.data_size, bytes->size());
  dm_target_spec first{};
  std::memcpy(&first, bytes->data() + header.data_start, sizeof(first));
  EXPECT_EQ(first.length, 100U);
  dm_target_spec second{};
  std::memcpy(&second, bytes->data() + header.data_start + first.next, sizeof(second));
  EXPECT_EQ(second.sector_start, 100U);
  EXPECT_EQ(header.data_start + first.next + second.next, bytes->size());
  EXPECT_STREQ(
      reinterpret_cast<const char*>(bytes->data() + header.data_start + sizeof(first)),  // NOLINT
      "8:1 2048");
  EXPECT_FALSE(encode_table({"x", "", {}}));
  EXPECT_FALSE(encode_table({std::string(200, 'x'), "", {{0, 1, "linear", ""}}}));
}

TEST(RaidArray, VersionsOfMetadata) {
  EXPECT_EQ(array_of_version("0.90")->metadata_minor, 90);
  EXPECT_EQ(array_of_version("1.0")->metadata_major, 1);
  for (const char* text : {"", "none", "external:imsm", "2.0", "1", "1.2.3"}) {
    EXPECT_FALSE(array_of_version(text)) << text;
  }
}

}  // namespace
}  // namespace kdump::agent
