// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/load_modules.h"

#include "tests/unit/agent/fake_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LoadModules : public testing::Test, public CaptureFixture {};

TEST_F(LoadModules, InOrderWithOptions) {
  load_modules(context(), plan.targets[0].modules);
  EXPECT_THAT(system.calls, ElementsAre("module /lib/a.ko ''", "module /lib/b.ko 'x=1'"));
  EXPECT_THAT(recorded(), HasSubstr("loaded 2 of 2 kernel modules"));
}

TEST_F(LoadModules, TheKernelCommandLineHasItsSay) {
  tree.write("/proc/cmdline", "elfcorehdr=0x1000 b.y=2\n");
  load_modules(context(), plan.targets[0].modules);
  EXPECT_THAT(system.calls, ElementsAre("module /lib/a.ko ''", "module /lib/b.ko 'x=1 y=2'"));
}

TEST_F(LoadModules, AFailureIsAWarning) {
  system.on_load_module = [](const config::PlannedModule& module, Deadline) -> Status {
    if (module.path == "/lib/a.ko") return system_error(ENOEXEC, "cannot load {}", module.path);
    return {};
  };
  load_modules(context(), plan.targets[0].modules);
  EXPECT_EQ(system.calls.size(), 2U);
  EXPECT_THAT(recorded(), HasSubstr("WARNING: cannot load /lib/a.ko"));
  EXPECT_THAT(recorded(), HasSubstr("loaded 1 of 2 kernel modules"));
}

TEST_F(LoadModules, AStuckOneDoesNotHoldUpTheNext) {
  system.on_load_module = [&](const config::PlannedModule& module, Deadline deadline) -> Status {
    if (module.path != "/lib/a.ko") return {};
    EXPECT_LE(deadline - system.now(), std::chrono::seconds(10));
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "load: not done in time");
  };
  load_modules(context(), plan.targets[0].modules);
  EXPECT_EQ(system.calls.size(), 2U);
  EXPECT_THAT(recorded(), HasSubstr("/lib/a.ko is still loading"));
}

TEST_F(LoadModules, AllTogetherHaveADeadline) {
  plan.targets[0].modules.assign(100, {"/lib/slow.ko", ""});
  const Deadline end = system.now() + std::chrono::seconds(plan.deadlines.device);
  system.on_load_module = [&](const config::PlannedModule&, Deadline deadline) -> Status {
    EXPECT_LE(deadline, end);
    system.advance(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - system.now()));
    return make_error(ErrorKind::kTimeout, "load: not done in time");
  };
  load_modules(context(), plan.targets[0].modules);
  EXPECT_LE(system.now(), end);
  EXPECT_LT(system.calls.size(), 10U);
  EXPECT_THAT(recorded(), HasSubstr("no time left to load /lib/slow.ko"));
}

}  // namespace
}  // namespace kdump::agent
