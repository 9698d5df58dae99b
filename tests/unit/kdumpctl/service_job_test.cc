// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/service_job.h"

#include "tests/unit/kdumpctl/verb_host.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <unistd.h>

namespace kdump::ctl {
namespace {

TEST(ServiceJob, OnlyARestartOfThatUnitCounts) {
  for (const auto& [jobs, expected] : std::vector<std::pair<const char*, bool>>{
           {"", false},
           {"\n", false},
           {"1043 kdump.service restart running\n", true},
           {"  42 other.service start waiting\n1043 kdump.service restart running", true},
           {"1043 kdump.service stop running\n", false},
           {"1043 kdump.service start waiting\n", false},
           {"1043 kdump.service restart", true},
           {"1043 kdump.service\n", false},
           {"1043 my-kdump.service restart running\n", false},
           {"restart kdump.service\n", false}}) {
    EXPECT_EQ(has_restart_job(jobs, "kdump.service"), expected) << jobs;
  }
}

TEST(ServiceJob, AnAdministratorsStopIsNoRestart) {
  ::unsetenv("SYSTEMD_EXEC_PID");
  EXPECT_FALSE(stops_for_a_restart());
  // Inherited from a shell in a service.
  ::setenv("SYSTEMD_EXEC_PID", std::to_string(::getppid()).c_str(), 1);
  EXPECT_FALSE(stops_for_a_restart());
  ::unsetenv("SYSTEMD_EXEC_PID");
}

TEST(ServiceJob, ARestartNeverUnloads) {
  VerbHost host;
  host.run("start");
  host.restarting = true;
  host.run("stop");
  EXPECT_TRUE(host.loaded());
  host.restarting = false;
  host.run("stop");
  EXPECT_FALSE(host.loaded());
}

}  // namespace
}  // namespace kdump::ctl
