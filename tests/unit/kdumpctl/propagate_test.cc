// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/golden.h"
#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

namespace kdump::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kKey = "/root/.ssh/kdump_id_rsa";

TEST(Propagate, MakesAKeyAndHandsItOver) {
  VerbHost host;
  host.tree.write("/etc/kdump.conf", "ssh kdump@logs.example.com\n");
  host.run("propagate");
  EXPECT_THAT(host.programs,
              ElementsAre("ssh-keygen -q -t rsa -f /root/.ssh/kdump_id_rsa -N ",
                          "ssh-copy-id -i /root/.ssh/kdump_id_rsa kdump@logs.example.com"));
  host.programs.clear();
  host.tree.write(kKey, "a key\n");
  host.run("propagate");
  EXPECT_THAT(host.programs,
              ElementsAre("ssh-copy-id -i /root/.ssh/kdump_id_rsa kdump@logs.example.com"));
  host.failing_program = "ssh-copy-id";
  host.run("propagate");
  host.tree.write("/etc/kdump.conf", "path /var/crash\n");
  host.programs.clear();
  host.run("propagate");
  EXPECT_THAT(host.programs, IsEmpty());
  test::expect_golden("kdumpctl/propagate.txt", host.transcript());
}

TEST(Propagate, WithoutAKeyNothingIsHandedOver) {
  VerbHost host;
  host.tree.write("/etc/kdump.conf", "ssh kdump@logs.example.com\n");
  host.failing_program = "ssh-keygen";
  host.run("propagate");
  EXPECT_EQ(host.programs.size(), 1U);
  EXPECT_THAT(host.transcript(), testing::HasSubstr("[exit 1, not loaded]"));
}

}  // namespace
}  // namespace kdump::ctl
