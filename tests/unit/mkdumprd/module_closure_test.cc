// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_closure.h"

#include "tests/support/kmod_index.h"
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
using testing::SizeIs;

class ModuleClosureTest : public testing::Test {
 protected:
  ModuleClosureTest() { host_.add_modules(); }

  Result<ModuleClosure> close(const std::vector<ModuleWish>& wishes) const {
    const auto kernel = read_kernel(host_.root(), "");
    if (!kernel) return kernel.error();
    return close_modules(host_.root(), *kernel, wishes);
  }

  TestHost host_;
};

std::vector<std::string> names(const ModuleClosure& closure) {
  std::vector<std::string> out;
  for (const ClosureModule& module : closure.modules) out.push_back(module.name);
  return out;
}

ModuleWish by_name(const std::string& name, bool required = true) {
  return {.names = {name}, .aliases = {}, .required = required, .reason = "test"};
}

ModuleWish by_alias(const std::string& alias, bool required = true) {
  return {.names = {}, .aliases = {alias}, .required = required, .reason = "test"};
}

TEST_F(ModuleClosureTest, DependenciesBeforeAndSoftPostAfter) {
  const auto closure = close({by_alias("virtio:d00000002v00001AF4")});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(names(*closure), ElementsAre("test_bus", "test_disk", "test_led"));
  const std::string folder = std::string("/usr/lib/modules/") + kRelease + "/kernel/";
  EXPECT_EQ(closure->modules[1].file, folder + "test_disk.ko");
  EXPECT_EQ(closure->modules[0].reason, "needed by test_disk");
  EXPECT_EQ(closure->modules[1].reason, "test");
}

TEST_F(ModuleClosureTest, FirmwareThatTheHostHasComesAlong) {
  host_.tree().write("/usr/lib/firmware/test/disk.bin.xz", "packed");
  host_.tree().write("/usr/lib/firmware/updates/test/absent.bin.txt", "");
  const auto closure = close({by_name("test_disk")});
  ASSERT_TRUE(closure) << closure.error().message;
  ASSERT_THAT(closure->firmware, SizeIs(1));
  EXPECT_EQ(closure->firmware[0].host.file, "/usr/lib/firmware/test/disk.bin.xz");
  EXPECT_EQ(closure->firmware[0].module, "test_disk");
  host_.tree().write("/usr/lib/firmware/updates/test/disk.bin", "newer");
  EXPECT_EQ(close({by_name("test_disk")})->firmware.at(0).host.file,
            "/usr/lib/firmware/updates/test/disk.bin");
}

TEST_F(ModuleClosureTest, SoftPreThroughAnAliasAndInACircle) {
  const auto closure = close({by_alias("fs-ext4")});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(names(*closure), ElementsAre("test_crc", "test_fs"));
}

TEST_F(ModuleClosureTest, EachModuleOnceAndInTheOrderOfTheWishes) {
  const auto closure = close({by_name("test-led"), by_name("test_disk"), by_name("test_bus")});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(names(*closure), ElementsAre("test_led", "test_bus", "test_disk"));
}

TEST_F(ModuleClosureTest, BuiltInNeedsNoFile) {
  const auto closure = close({by_name("built-in-one")});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(closure->modules, IsEmpty());
  EXPECT_THAT(closure->built_in, ElementsAre("built_in_one"));
}

TEST_F(ModuleClosureTest, RequiredButAbsentIsNamed) {
  const auto closure = close({ModuleWish{.names = {"megaraid"},
                                         .aliases = {"pci:v9999"},
                                         .required = true,
                                         .reason = "driver of /sys/x"}});
  ASSERT_FALSE(closure);
  EXPECT_EQ(closure.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(closure.error().message, HasSubstr("megaraid or pci:v9999 (driver of /sys/x)"));
}

TEST_F(ModuleClosureTest, NotRequiredAndAbsentIsNothing) {
  const auto closure = close({by_name("megaraid", false), by_alias("pci:v9999", false)});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(closure->modules, IsEmpty());
}

TEST_F(ModuleClosureTest, OneHitIsEnough) {
  const auto closure = close({ModuleWish{.names = {"renamed_since"},
                                         .aliases = {"virtio:d00000002v00001AF4"},
                                         .required = true,
                                         .reason = "test"}});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(names(*closure), ElementsAre("test_bus", "test_disk", "test_led"));
}

TEST_F(ModuleClosureTest, OptionsOfModprobe) {
  host_.tree().write("/etc/modprobe.d/test.conf", "options test_disk queues=2 quiet\n");
  const auto closure = close({by_name("test_disk")});
  ASSERT_TRUE(closure);
  EXPECT_EQ(closure->modules[0].options, "");
  EXPECT_EQ(closure->modules[1].options, "queues=2 quiet");
}

TEST_F(ModuleClosureTest, BlacklistStopsAliasesButNoDriverOfTheTarget) {
  host_.tree().write("/etc/modprobe.d/test.conf", "blacklist test-disk\n");
  const auto by_its_alias = close({by_alias("virtio:d00000002v00001AF4", false)});
  ASSERT_TRUE(by_its_alias);
  EXPECT_THAT(by_its_alias->modules, IsEmpty());
  EXPECT_THAT(by_its_alias->warnings, IsEmpty());
  const auto by_its_name = close({by_name("test_disk")});
  ASSERT_TRUE(by_its_name);
  EXPECT_THAT(names(*by_its_name), ElementsAre("test_bus", "test_disk", "test_led"));
  ASSERT_THAT(by_its_name->warnings, SizeIs(1));
  EXPECT_THAT(by_its_name->warnings[0], HasSubstr("test_disk is blacklisted"));
}

TEST_F(ModuleClosureTest, AliasOfModprobeToAnAbsentModule) {
  host_.tree().write("/etc/modprobe.d/test.conf", "alias wanted absent_module\n");
  EXPECT_FALSE(close({by_name("wanted")}));
}

TEST_F(ModuleClosureTest, AbsolutePathInModulesDep) {
  const std::string folder = std::string("/usr/lib/modules/") + kRelease;
  host_.tree().write(folder + "/modules.dep.bin",
                     kdump::test::kmod_dep_index("/a.ko: kernel/test_bus.ko\n"
                                                 "kernel/test_bus.ko:\n"));
  const auto closure = close({by_name("a")});
  ASSERT_TRUE(closure) << closure.error().message;
  ASSERT_THAT(names(*closure), ElementsAre("test_bus", "a"));
  EXPECT_EQ(closure->modules[0].file, folder + "/kernel/test_bus.ko");
  EXPECT_EQ(closure->modules[1].file, "/a.ko");
}

TEST_F(ModuleClosureTest, KernelWithoutAListOfBuiltIns) {
  host_.tree().write(std::string("/usr/lib/modules/") + kRelease + "/modules.builtin.bin", "");
  const auto closure = close({by_name("test_disk")});
  ASSERT_TRUE(closure) << closure.error().message;
  EXPECT_THAT(names(*closure), ElementsAre("test_bus", "test_disk", "test_led"));
}

}  // namespace
}  // namespace kdump::mkdumprd
