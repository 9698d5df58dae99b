// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/syscall_choice.h"

#include "base/io.h"
#include "tests/support/packed.h"
#include "tests/support/temp_tree.h"

#include <archive.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::kexec {
namespace {

using testing::HasSubstr;

TEST(SyscallChoice, Table) {
  using Wish = SyscallWish;
  struct {
    Wish wish;
    SyscallFacts facts;
    LoadTraits traits;
    Syscall first;
    Fallback fallback;
    const char* reason;
    bool against_wish;
  } const cases[] = {
      {Wish::kAuto, {}, {}, Syscall::kFileLoad, Fallback::kWhenNotForThis, "signature", false},
      {Wish::kFileLoad, {}, {}, Syscall::kFileLoad, Fallback::kWhenAbsent, "has -s", false},
      {Wish::kLoad, {}, {}, Syscall::kLoad, Fallback::kNone, "has -c", false},
      {Wish::kLoad,
       {},
       {.memory_ranges = 200, .only_kexec_load = {}, .hands_on_keys = true},
       Syscall::kFileLoad,
       Fallback::kNone,
       "key of the encrypted dump target",
       true},
      // What the kernel does not permit is not tried.
      {Wish::kLoad,
       {.lockdown = "integrity"},
       {},
       Syscall::kFileLoad,
       Fallback::kNone,
       "locked down (integrity)",
       true},
      {Wish::kAuto,
       {.lockdown = "confidentiality"},
       {.memory_ranges = 200, .only_kexec_load = {}},
       Syscall::kFileLoad,
       Fallback::kNone,
       "confidentiality",
       false},
      {Wish::kLoad,
       {.lockdown = "none", .secure_boot = true},
       {},
       Syscall::kFileLoad,
       Fallback::kWhenAbsent,
       "Secure Boot is enabled",
       true},
      // What the kernel does not have.
      {Wish::kFileLoad,
       {.has_load = true, .has_file_load = false},
       {},
       Syscall::kLoad,
       Fallback::kNone,
       "CONFIG_KEXEC_FILE",
       true},
      {Wish::kLoad,
       {.has_load = false, .has_file_load = true},
       {},
       Syscall::kFileLoad,
       Fallback::kNone,
       "CONFIG_KEXEC",
       true},
      // What only one of them can do.
      {Wish::kFileLoad,
       {},
       {.memory_ranges = 129, .only_kexec_load = {}},
       Syscall::kLoad,
       Fallback::kNone,
       "129 ranges",
       true},
      {Wish::kAuto,
       {},
       {.memory_ranges = 128, .only_kexec_load = {}},
       Syscall::kFileLoad,
       Fallback::kWhenNotForThis,
       "signature",
       false},
      {Wish::kAuto,
       {},
       {.memory_ranges = 0, .only_kexec_load = "--noefi"},
       Syscall::kLoad,
       Fallback::kNone,
       "--noefi",
       false},
      {Wish::kFileLoad,
       {},
       {.memory_ranges = 0, .only_kexec_load = "--noefi"},
       Syscall::kFileLoad,
       Fallback::kWhenAbsent,
       "nothing comes of this: --noefi",
       true},
      // For a reboot they are options of kdumpctl kexec load.
      {Wish::kLoad,
       {},
       {.kind = LoadKind::kReboot, .only_kexec_load = {}},
       Syscall::kLoad,
       Fallback::kNone,
       "-c was given",
       false},
      {Wish::kFileLoad,
       {},
       {.kind = LoadKind::kReboot, .only_kexec_load = {}},
       Syscall::kFileLoad,
       Fallback::kWhenAbsent,
       "-s was given",
       false},
      // The second attempt would cost what is not there.
      {Wish::kAuto, {.loads_left = 1}, {}, Syscall::kFileLoad, Fallback::kNone, "signature", false},
  };
  for (const auto& c : cases) {
    const SyscallChoice choice = choose_syscall(c.wish, c.facts, c.traits);
    EXPECT_EQ(choice.first, c.first) << c.reason;
    EXPECT_EQ(choice.fallback, c.fallback) << c.reason;
    EXPECT_THAT(choice.reason, HasSubstr(c.reason));
    EXPECT_EQ(choice.against_wish, c.against_wish) << c.reason;
  }
}

TEST(SyscallChoice, FallsBackOnWhatAnotherCallCanMend) {
  EXPECT_FALSE(falls_back(Fallback::kNone, ENOSYS));
  EXPECT_TRUE(falls_back(Fallback::kWhenAbsent, ENOSYS));
  EXPECT_FALSE(falls_back(Fallback::kWhenAbsent, ENOEXEC));
  for (const int code : {ENOSYS, EINVAL, ENOEXEC, EOPNOTSUPP}) {
    EXPECT_TRUE(falls_back(Fallback::kWhenNotForThis, code));
  }
  for (const int code : {EPERM, EADDRNOTAVAIL, EKEYREJECTED, ENOMEM}) {
    EXPECT_FALSE(falls_back(Fallback::kWhenNotForThis, code));
  }
}

TEST(SyscallChoice, TheKernelsOwnConfiguration) {
  const test::TempTree tree;
  tree.write("/proc/sys/kernel/osrelease", "6.12-test\n");
  const std::string text = "CONFIG_KEXEC=y\nCONFIG_KEXEC_FILE=y\n";
  const auto gzip = test::packed(ARCHIVE_FILTER_GZIP, as_bytes(text));
  tree.write("/proc/config.gz", {reinterpret_cast<const char*>(gzip.data()), gzip.size()});
  SyscallFacts facts = read_syscall_facts(tree.root(), LoadKind::kPanic);
  EXPECT_EQ(facts.has_load, true);
  EXPECT_EQ(facts.has_file_load, true);
  tree.write("/proc/config.gz", {reinterpret_cast<const char*>(gzip.data()), gzip.size() / 2});
  facts = read_syscall_facts(tree.root(), LoadKind::kPanic);
  EXPECT_EQ(facts.has_load, std::nullopt);
}

TEST(SyscallChoice, FactsOfTheHost) {
  const test::TempTree tree;
  tree.write("/proc/sys/kernel/osrelease", "6.12-test\n");
  tree.write("/boot/config-6.12-test", "CONFIG_KEXEC=y\n# CONFIG_KEXEC_FILE is not set\n");
  tree.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  tree.write("/proc/sys/kernel/kexec_load_limit_panic", "3\n");
  const std::string variables = "/sys/firmware/efi/efivars/";
  const std::string guid = "-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  tree.write(variables + "SecureBoot" + guid, std::string("\6\0\0\0\1", 5));
  SyscallFacts facts = read_syscall_facts(tree.root(), LoadKind::kPanic);
  EXPECT_EQ(facts.has_load, true);
  EXPECT_EQ(facts.has_file_load, false);
  EXPECT_EQ(facts.lockdown, "integrity");
  EXPECT_EQ(facts.loads_left, 3);
  tree.write("/proc/sys/kernel/kexec_load_limit_reboot", "1\n");
  EXPECT_EQ(read_syscall_facts(tree.root(), LoadKind::kReboot).loads_left, 1);
  EXPECT_TRUE(facts.secure_boot);
  tree.write(variables + "SetupMode" + guid, std::string("\6\0\0\0\1", 5));
  EXPECT_FALSE(read_syscall_facts(tree.root(), LoadKind::kPanic).secure_boot);
}

TEST(SyscallChoice, WhatCannotBeReadIsUnknown) {
  const test::TempTree tree;
  const SyscallFacts facts = read_syscall_facts(tree.root(), LoadKind::kPanic);
  EXPECT_EQ(facts.has_load, std::nullopt);
  EXPECT_EQ(facts.has_file_load, std::nullopt);
  EXPECT_FALSE(facts.locked_down());
  EXPECT_FALSE(facts.secure_boot);
}

}  // namespace
}  // namespace kdump::kexec
