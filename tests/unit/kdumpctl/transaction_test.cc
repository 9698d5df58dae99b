// SPDX-License-Identifier: GPL-2.0-or-later
// A load that fails must leave the host as protected as it can be, and say how protected that is.
#include "tests/support/packed.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <archive.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <filesystem>

namespace kdump::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

Error refusal() {
  Error error = make_error(ErrorKind::kSystem, "cannot load the panic kernel: no room");
  error.code = EADDRNOTAVAIL;
  return error;
}

TEST(Transaction, WhatTheKernelHasFreedIsLoadedAgain) {
  VerbHost host;
  host.run("start");
  // Replaced as mkdumprd does it.
  host.tree.write("/boot/new", "070701 a newer build\n");
  std::filesystem::rename(host.tree.path("/boot/new"), host.tree.path(kVerbHostImage));
  host.load_error = refusal();
  host.load_error_unloads = true;
  host.load_errors = 1;
  host.run("reload");
  EXPECT_TRUE(host.loaded());
  ASSERT_THAT(host.loads, SizeIs(3));
  EXPECT_EQ(host.loads[2].plan.segments.front().bytes, host.loads[0].plan.segments.front().bytes);
  EXPECT_EQ(host.loads[2].files.command_line, host.loads[0].files.command_line);
  EXPECT_THAT(host.transcript(),
              HasSubstr("had freed the panic kernel that was loaded before; it "
                        "has been loaded again"));
  EXPECT_THAT(host.transcript(), HasSubstr("[exit 1, loaded]"));
  host.run("status");
  EXPECT_THAT(host.transcript(), HasSubstr("kdump.img has changed since it was loaded"));
}

/// An image of which the file system has lost the end, with the time it was built.
void damage_image(const VerbHost& host) {
  const std::string path = host.tree.path(kVerbHostImage);
  const auto built = std::filesystem::last_write_time(path);
  auto image = test::packed(ARCHIVE_FILTER_ZSTD, std::vector<std::byte>(1'000'000));
  image.resize(image.size() / 2);
  std::string text;
  for (const std::byte byte : image) text += static_cast<char>(byte);
  host.tree.write(kVerbHostImage, text);
  std::filesystem::last_write_time(path, built);
}

TEST(Transaction, ADamagedImageIsNotLoaded) {
  VerbHost host;
  host.run("start");
  damage_image(host);
  host.run("reload");
  EXPECT_TRUE(host.loaded());
  EXPECT_THAT(host.loads, SizeIs(1));
  EXPECT_THAT(host.transcript(), HasSubstr("kdump.img: the compressed data is damaged ("));
  EXPECT_THAT(host.transcript(), HasSubstr("Build it again (kdumpctl rebuild)"));
  EXPECT_THAT(host.transcript(), testing::EndsWith("[exit 1, loaded]\n"));
}

TEST(Transaction, ADamagedImageIsBuiltAgain) {
  VerbHost host;
  host.run("start");
  damage_image(host);
  host.run("stop");
  host.run("start");
  EXPECT_THAT(host.builds, SizeIs(2));
  EXPECT_THAT(host.transcript(), HasSubstr("WARNING: /boot/initramfs-6.1.0-9-amd64kdump.img: the"));
  EXPECT_THAT(host.transcript(), testing::EndsWith("Starting kdump: [OK]\n[exit 0, loaded]\n"));
  host.tree.write(kVerbHostImage, "");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(3));
  EXPECT_THAT(host.transcript(), testing::EndsWith("Starting kdump: [OK]\n[exit 0, loaded]\n"));
}

TEST(Transaction, ADamagedImageThatMayNotBeBuiltAgain) {
  VerbHost host;
  host.run("start");
  damage_image(host);
  host.tree.write("/etc/kdump.conf", "force_no_rebuild 1\n");
  host.run("restart");
  EXPECT_THAT(host.builds, SizeIs(1));
  EXPECT_THAT(host.transcript(), testing::EndsWith("[exit 1, loaded]\n"));
}

TEST(Transaction, ARefusalBeforeThatLeavesTheOldOne) {
  VerbHost host;
  host.run("start");
  host.load_error = refusal();
  host.run("reload");
  EXPECT_TRUE(host.loaded());
  EXPECT_THAT(host.loads, SizeIs(2));
  EXPECT_THAT(host.transcript(), HasSubstr("The panic kernel that was loaded before stays loaded"));
}

TEST(Transaction, WhenNothingHelpsItIsSaid) {
  VerbHost host;
  host.run("start");
  host.load_error = refusal();
  host.load_error_unloads = true;
  host.run("reload");
  EXPECT_FALSE(host.loaded());
  EXPECT_THAT(host.loads, SizeIs(3));
  EXPECT_THAT(host.transcript(),
              HasSubstr("What was loaded before cannot be loaded again: cannot "
                        "load the panic kernel: no room"));
  EXPECT_THAT(host.transcript(),
              HasSubstr("No panic kernel is loaded: a crash would leave no dump"));
}

TEST(Transaction, WhatAnotherProgramLoadedCannotBeBroughtBack) {
  VerbHost host;
  host.tree.write(kVerbHostImage, "070701 a build\n");
  host.tree.write("/sys/kernel/kexec_crash_loaded", "1\n");
  host.run("status");
  EXPECT_THAT(host.transcript(), HasSubstr("It was loaded by another program than kdumpctl"));
  host.load_error = refusal();
  host.load_error_unloads = true;
  host.run("reload");
  EXPECT_FALSE(host.loaded());
  EXPECT_THAT(host.loads, SizeIs(1));
  EXPECT_THAT(host.transcript(), HasSubstr("kdumpctl has not loaded it"));
}

TEST(Transaction, AFirstLoadThatFailsHasNothingToRestore) {
  VerbHost host;
  host.load_error = refusal();
  host.run("start");
  EXPECT_THAT(host.loads, SizeIs(1));
  EXPECT_THAT(host.transcript(), Not(HasSubstr("loaded before")));
  EXPECT_THAT(host.transcript(), HasSubstr("No panic kernel is loaded"));
}

TEST(Transaction, ARecordThatCannotBeWrittenIsAWarning) {
  VerbHost host;
  host.tree.write("/var/lib/kdump", "a file in the way\n");
  host.run("start");
  EXPECT_TRUE(host.loaded());
  EXPECT_THAT(host.transcript(), HasSubstr("WARNING: The next load that fails may not be undone"));
  EXPECT_THAT(host.transcript(), HasSubstr("Starting kdump: [OK]"));
}

TEST(Transaction, TheChoiceOfTheSystemCallIsTold) {
  struct {
    const char* arguments;
    kexec::SyscallFacts facts;
    kexec::Syscall used;
    const char* says;
  } const cases[] = {
      {"-c", {}, kexec::Syscall::kLoad, "(kexec_load)"},
      {"-s", {}, kexec::Syscall::kFileLoad, "(kexec_file_load)"},
      {"-c",
       {.lockdown = "integrity"},
       kexec::Syscall::kFileLoad,
       "KEXEC_ARGS is not followed: kexec_file_load is used, as the kernel is locked down"},
      {"-s",
       {.secure_boot = true},
       kexec::Syscall::kFileLoad,
       "Secure Boot is enabled. Using kexec file based syscall."},
      {"-s",
       {.has_file_load = false},
       kexec::Syscall::kLoad,
       "kexec_load is used, as this kernel is built without CONFIG_KEXEC_FILE"},
  };
  for (const auto& c : cases) {
    VerbHost host;
    host.syscalls = c.facts;
    host.tree.write("/etc/sysconfig/kdump", fmt::format("KEXEC_ARGS=\"{}\"\n", c.arguments));
    host.run("start");
    host.run("status");
    ASSERT_THAT(host.loads, SizeIs(1)) << host.transcript();
    EXPECT_EQ(host.loads[0].choice.first, c.used);
    EXPECT_THAT(host.transcript(), HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace kdump::ctl
