// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/load_refusal.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::kexec {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kDoing = "cannot load the panic kernel";

TEST(LoadRefusal, OneSentenceEach) {
  struct {
    int code;
    RefusalFacts facts;
    const char* why;
  } const cases[] = {
      {EPERM, {.may_boot = false, .lockdown = "integrity"}, "CAP_SYS_BOOT"},
      {EPERM, {.lockdown = "integrity", .load_disabled = true}, "kexec_load_disabled"},
      {EPERM, {.lockdown = "integrity", .loads_left = 0}, "kexec_load_limit_panic is used up"},
      {EPERM, {.lockdown = "confidentiality", .loads_left = -1}, "locked down (confidentiality)"},
      {EPERM, {.lockdown = "none", .loads_left = 3}, "a security module forbids it"},
      {EPERM, {}, "a security module forbids it"},
      {EACCES, {}, "IMA"},
      {EBUSY, {}, "try again"},
      {ENOSYS, {}, "CONFIG_KEXEC"},
      {EADDRNOTAVAIL, {}, "outside the reserved memory"},
      {ENOMEM, {}, "raise crashkernel="},
      {EINVAL, {}, "please report"},
      {EOPNOTSUPP, {}, "TDX"},
      {EIO, {}, "Input/output error"},
  };
  for (const auto& c : cases) {
    const Error error = explain_refusal(c.code, kDoing, c.facts);
    EXPECT_EQ(error.code, c.code);
    EXPECT_THAT(error.message,
                AllOf(StartsWith("cannot load the panic kernel: "), HasSubstr(c.why)));
  }
}

TEST(LoadRefusal, FactsOfTheHost) {
  const test::TempTree tree;
  tree.write("/proc/self/status",
             "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000400000\n");
  tree.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  tree.write("/proc/sys/kernel/kexec_load_disabled", "1\n");
  tree.write("/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
  const RefusalFacts facts = read_refusal_facts(tree.root());
  EXPECT_TRUE(facts.may_boot);
  EXPECT_EQ(facts.lockdown, "integrity");
  EXPECT_TRUE(facts.load_disabled);
  EXPECT_EQ(facts.loads_left, -1);
}

TEST(LoadRefusal, MissingCapabilityIsSeen) {
  const test::TempTree tree;
  tree.write("/proc/self/status", "CapEff:\t000001ffffbfffff\n");
  EXPECT_FALSE(read_refusal_facts(tree.root()).may_boot);
}

TEST(LoadRefusal, WhatCannotBeReadIsNoObstacle) {
  const test::TempTree tree;
  const RefusalFacts facts = read_refusal_facts(tree.root());
  EXPECT_TRUE(facts.may_boot);
  EXPECT_EQ(facts.lockdown, "");
  EXPECT_FALSE(facts.load_disabled);
  EXPECT_EQ(facts.loads_left, std::nullopt);
}

}  // namespace
}  // namespace kdump::kexec
