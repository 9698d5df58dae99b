// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/ssh_target.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "tests/unit/mkdumprd/recorded_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace kdump::mkdumprd {
namespace {

using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;

class SshTargetPlan : public testing::Test {
 protected:
  SshTargetPlan() {
    host_.add_card(2, "eth0");
    host_.add_address(2, "192.0.2.7", 24);
    host_.add_route("198.51.100.8", 2, "192.0.2.7", "192.0.2.1");
    host_.names["logs"] = {ip("198.51.100.8")};
    make_key("/root/.ssh/kdump_id_rsa");
    make_key("/host_key");
    tree_.write("/root/.ssh/known_hosts", "logs " + tree_.read("/host_key.pub"));
    config_.path = "/dumps";
  }
  void make_key(const std::string& name) const {
    tree_.write(name, "");
    std::remove(tree_.path(name).c_str());
    const auto made = run_command(
        {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tree_.path(name)},
        std::chrono::seconds(60));
    EXPECT_TRUE(made && made->status.success()) << "ssh-keygen of openssh-client is needed";
  }
  Result<SshPlan> plan() { return plan_ssh(tree_.root(), host_, {"dump", "logs"}, config_, 1); }

  kdump::test::TempTree tree_;
  test::RecordedNetwork host_{tree_};
  config::KdumpConfig config_;
};

TEST_F(SshTargetPlan, TheServerTheWayAndTheKeys) {
  const auto planned = plan();
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->ssh,
            (config::PlannedSsh{"logs",
                                {"198.51.100.8"},
                                22,
                                "dump",
                                "/etc/kdump/ssh-1/key",
                                "/etc/kdump/ssh-1/known_hosts",
                                "/dumps"}));
  EXPECT_EQ(planned->network.source, "192.0.2.7");
  EXPECT_THAT(planned->sources,
              testing::IsSupersetOf({"/root/.ssh/known_hosts", "/etc/ssh/ssh_config"}));
  ASSERT_EQ(planned->files.size(), 1U);
  EXPECT_EQ(planned->files[0].host_path, "/root/.ssh/kdump_id_rsa");
  EXPECT_EQ(planned->files[0].image_path, "/etc/kdump/ssh-1/key");
  EXPECT_EQ(planned->files[0].mode, 0600U);
  EXPECT_THAT(planned->files[0].reason, HasSubstr("SECRET"));
  ASSERT_EQ(planned->made_files.size(), 1U);
  EXPECT_EQ(planned->made_files[0].text,
            "198.51.100.8 " + std::string(trim(tree_.read("/host_key.pub"))) + "\n");
}

TEST_F(SshTargetPlan, WhatIsMissingIsSaid) {
  tree_.write("/root/.ssh/known_hosts", "");
  EXPECT_THAT(plan().error().message, HasSubstr("host key of logs"));
  host_.names.clear();
  EXPECT_THAT(plan().error().message, HasSubstr("cannot find the address of logs"));
  config_.sshkey = "/absent";
  EXPECT_THAT(plan().error().message, HasSubstr("kdumpctl propagate"));
}

}  // namespace
}  // namespace kdump::mkdumprd
