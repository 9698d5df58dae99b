// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec_args.h"

#include <gmock/gmock.h>

namespace kdump::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Words = std::vector<std::string>;

TEST(KexecArgs, WhatNeedsNoEffectIsNoted) {
  const std::vector<Words> table = {
      {"-p"},
      {"--hotplug"},
      {"-i"},
      {"--elf64-core-headers"},
      {"--args-linux"},
      {"--dt-no-old-root"},
      {"-x"},
      {"-y"},
      {"-t", "bzImage"},
      {"--type=bzImage64"},
      {"-tbzImage"},
      {"--no-cma"},
      {"--elf64"},  // a unique prefix
  };
  for (const Words& words : table) {
    const auto checked = check_kexec_args(words);
    EXPECT_EQ(checked.notes.size(), 1U) << words[0];
    EXPECT_THAT(checked.refusals, IsEmpty()) << words[0];
    EXPECT_THAT(checked.warnings, IsEmpty()) << words[0];
  }
}

TEST(KexecArgs, TheLastSystemCallCounts) {
  using Wish = kexec::SyscallWish;
  const std::vector<std::pair<Words, Wish>> table = {{{}, Wish::kAuto},
                                                     {{"-s"}, Wish::kFileLoad},
                                                     {{"-c"}, Wish::kLoad},
                                                     {{"-a"}, Wish::kAuto},
                                                     {{"-s", "-c"}, Wish::kLoad},
                                                     {{"-cs"}, Wish::kFileLoad},
                                                     {{"-s", "--kexec-syscall-auto"}, Wish::kAuto},
                                                     {{"--kexec-syscall"}, Wish::kLoad},
                                                     {{"--kexec-f"}, Wish::kFileLoad}};
  for (const auto& [words, wish] : table) {
    const auto checked = check_kexec_args(words);
    EXPECT_EQ(checked.options.syscall, wish);
    EXPECT_THAT(checked.refusals, IsEmpty());
  }
  EXPECT_EQ(check_kexec_args({"--noefi", "-d"}).options.only_kexec_load, "--noefi");
  EXPECT_EQ(check_kexec_args({"--mem-min=0x1000"}).options.only_kexec_load, "--mem-min");
}

TEST(KexecArgs, WhatHasNoEffectButMayBeMissedIsAWarning) {
  const std::vector<Words> table = {{"--append=a b"},
                                    {"--append", "a"},
                                    {"--command-line=x"},
                                    {"--reuse-cmdline"},
                                    {"--initrd=/x"},
                                    {"--ramdisk", "/x"},
                                    {"--serial=ttyS0"},
                                    {"--console-serial"}};
  for (const Words& words : table) {
    const auto checked = check_kexec_args(words);
    EXPECT_EQ(checked.warnings.size(), 1U) << words[0];
    EXPECT_THAT(checked.refusals, IsEmpty()) << words[0];
  }
  EXPECT_EQ(check_kexec_args({"--append=x"}).warnings[0],
            "--append has no effect: kdumpctl passes its own; use KDUMP_COMMANDLINE and "
            "KDUMP_COMMANDLINE_APPEND");
}

TEST(KexecArgs, WhatCannotBeDoneIsRefusedWithTheReason) {
  const std::vector<std::pair<Words, std::string>> table = {
      {{"-e"}, "-e: kdumpctl chooses"},
      {{"-u"}, "-u: kdumpctl chooses"},
      {{"-l"}, "-l: kdumpctl chooses"},
      {{"-S"}, "-S: use kdumpctl status"},
      {{"--print-ckr-size"}, "--print-ckr-size: use kdumpctl showmem"},
      {{"--entry-32bit"}, "--entry-32bit: a panic kernel is entered in 64-bit mode only"},
      {{"--dtb=/x"}, "--dtb: the firmware's own device tree is handed on"},
      {{"--module", "x"}, "--module: only Linux kernels"},
      {{"-t", "vmlinux"}, "-t vmlinux: a panic kernel is a bzImage, an Image or a unified image"},
      {{"--mem-min=junk"}, "--mem-min=junk: the value is not an address"},
      {{"--mem-min"}, "--mem-min: the option needs a value"},
      {{"-t"}, "-t: the option needs a value"},
      {{"--hotplug=yes"}, "--hotplug=yes: the option takes no value"},
      {{"--frob"}, "--frob: kexec(8) has no such option"},
      {{"-Z"}, "-Z: kexec(8) has no such option"},
      {{"--"}, "--: kexec(8) has no such option"},
      {{"-"}, "-: it is not an option"},
      {{"/boot/vmlinuz"}, "/boot/vmlinuz: it is not an option"},
      {{"\x1b[2J"}, "\\x1b[2J: it is not an option"},
      {{"--mem"}, "--mem: it can mean --mem-min and --mem-max; write it out"},
  };
  for (const auto& [words, shown] : table) {
    const auto checked = check_kexec_args(words);
    ASSERT_EQ(checked.refusals.size(), 1U) << shown;
    EXPECT_THAT(checked.refusals[0], StartsWith(shown));
  }
}

TEST(KexecArgs, ImplementedOptions) {
  const auto checked =
      check_kexec_args({"-sd", "--noefi", "--mem-min=0x1000000", "--mem-max", "0x1fffffff"});
  EXPECT_THAT(checked.refusals, IsEmpty());
  EXPECT_TRUE(checked.options.debug);
  EXPECT_FALSE(checked.options.efi_runtime);
  EXPECT_EQ(checked.options.lowest_address, 0x1000000U);
  EXPECT_EQ(checked.options.end_address, 0x20000000U);
  EXPECT_EQ(check_kexec_args({"--mem-max=0xffffffffffffffff"}).options.end_address, UINT64_MAX);
  EXPECT_TRUE(check_kexec_args({"--deb"}).options.debug);
}

TEST(KexecArgs, NothingMeansTheDefaults) {
  const auto checked = check_kexec_args({});
  EXPECT_FALSE(checked.options.debug);
  EXPECT_TRUE(checked.options.efi_runtime);
  EXPECT_EQ(checked.options.lowest_address, 0U);
  EXPECT_EQ(checked.options.end_address, UINT64_MAX);
}

TEST(KexecArgs, EveryWordIsLookedAt) {
  const auto checked = check_kexec_args({"-e", "--frob", "-s", "--append", "-u", "-Zd"});
  EXPECT_THAT(checked.refusals,
              ElementsAre(StartsWith("-e:"), StartsWith("--frob:"), StartsWith("-Z:")));
  EXPECT_THAT(checked.warnings, ElementsAre(HasSubstr("--append")));
  EXPECT_TRUE(checked.options.debug);
}

}  // namespace
}  // namespace kdump::ctl
