// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_refusal.h"

#include "tests/support/golden.h"
#include "tests/support/temp_tree.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::kexec {
namespace {

// Every refusal there is, for each call and purpose, as a person reads it.
TEST(LoadRefusal, OneSentenceAndOneRemedyEach) {
  struct {
    const char* name;
    int code;
    RefusalFacts facts;
  } const cases[] = {
      {"EPERM, not root", EPERM, {.may_boot = false, .lockdown = "integrity"}},
      {"EPERM, load_disabled", EPERM, {.lockdown = "integrity", .load_disabled = true}},
      {"EPERM, limit", EPERM, {.lockdown = "integrity", .loads_left = 0}},
      {"EPERM, locked down", EPERM, {.lockdown = "confidentiality", .loads_left = -1}},
      {"EPERM, LSM",
       EPERM,
       {.lockdown = "none", .loads_left = 3, .security_modules = "lockdown,selinux"}},
      {"EPERM", EPERM, {}},
      {"EACCES", EACCES, {}},
      {"EBUSY", EBUSY, {}},
      {"ENOSYS", ENOSYS, {}},
      {"ENOEXEC", ENOEXEC, {}},
      {"EADDRNOTAVAIL", EADDRNOTAVAIL, {}},
      {"ENOMEM", ENOMEM, {}},
      {"EINVAL", EINVAL, {}},
      {"EFBIG", EFBIG, {}},
      {"ETXTBSY", ETXTBSY, {}},
      {"EOPNOTSUPP", EOPNOTSUPP, {}},
      {"ENODATA", ENODATA, {}},
      {"ENOKEY", ENOKEY, {}},
      {"EKEYREJECTED", EKEYREJECTED, {}},
      {"EBADMSG", EBADMSG, {}},
      {"ENOPKG", ENOPKG, {}},
      {"EIO", EIO, {}},
  };
  std::string text;
  for (const LoadKind kind : {LoadKind::kPanic, LoadKind::kReboot}) {
    for (const Syscall syscall : {Syscall::kLoad, Syscall::kFileLoad}) {
      text += fmt::format(
          "{} for {}\n", to_string(syscall), kind == LoadKind::kPanic ? "a panic" : "a reboot");
      for (const auto& c : cases) {
        RefusalFacts facts = c.facts;
        facts.kind = kind;
        facts.syscall = syscall;
        const Error error = explain_refusal(c.code, "cannot load it", facts);
        EXPECT_EQ(error.code, c.code);
        text += fmt::format("  {}: {}\n", c.name, error.message);
      }
    }
  }
  test::expect_golden("kexec/refusals.txt", text);
}

TEST(LoadRefusal, FactsOfTheHost) {
  const test::TempTree tree;
  tree.write("/proc/self/status",
             "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000400000\n");
  tree.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  tree.write("/proc/sys/kernel/kexec_load_disabled", "1\n");
  tree.write("/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
  const RefusalFacts facts = read_refusal_facts(tree.root(), LoadKind::kPanic, Syscall::kLoad);
  EXPECT_TRUE(facts.may_boot);
  EXPECT_EQ(facts.lockdown, "integrity");
  EXPECT_TRUE(facts.load_disabled);
  EXPECT_EQ(facts.loads_left, -1);
  tree.write("/proc/sys/kernel/kexec_load_limit_reboot", "0\n");
  EXPECT_EQ(read_refusal_facts(tree.root(), LoadKind::kReboot, Syscall::kLoad).loads_left, 0);
}

TEST(LoadRefusal, MissingCapabilityIsSeen) {
  const test::TempTree tree;
  tree.write("/proc/self/status", "CapEff:\t000001ffffbfffff\n");
  EXPECT_FALSE(read_refusal_facts(tree.root(), LoadKind::kPanic, Syscall::kLoad).may_boot);
}

TEST(LoadRefusal, WhatCannotBeReadIsNoObstacle) {
  const test::TempTree tree;
  const RefusalFacts facts = read_refusal_facts(tree.root(), LoadKind::kPanic, Syscall::kLoad);
  EXPECT_TRUE(facts.may_boot);
  EXPECT_EQ(facts.lockdown, "");
  EXPECT_FALSE(facts.load_disabled);
  EXPECT_EQ(facts.loads_left, std::nullopt);
}

}  // namespace
}  // namespace kdump::kexec
