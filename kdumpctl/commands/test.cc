// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/arming.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/reboot/verb_options.h"

#include <ctime>

namespace kdump::ctl::commands {
namespace {

constexpr const char* kWarning =
    "DANGER!!! The kernel is crashed now, to see whether a vmcore is saved. Whatever is not on the "
    "disk is lost. Stop databases, unmount what can be unmounted, and have a way to reset the "
    "machine should it not come back";

CreationTest new_test() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {.result = CreationTest::Result::kPending,
          .id = fmt::format("{}-{}", now.tv_sec, now.tv_nsec),
          .started = now.tv_sec};
}

}  // namespace

/// A real panic with everything as it would be; the next start says what came of it.
Result<int> test(const Context& context) {
  bool force = false;
  CLI::App app("Crashes the kernel to see whether a vmcore is saved. Asks first.", "kdumpctl test");
  app.add_flag("--force", force, "Do not ask");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  if (!TRY(kexec::crash_loaded(context.root))) {
    return make_error(ErrorKind::kUsage,
                      "Kdump needs be operational before test: run \"kdumpctl start\"");
  }
  context.log.warning("{}", kWarning);
  if (!force && !TRY(context.actions.confirm("Crash this host now? [y/N] "))) {
    context.log.info("Nothing was done");
    return kExitOk;
  }
  const Settings settings = TRY(load_settings(context.root, context.log));
  const CreationTest started = new_test();
  const int armed = arm(context, settings, ImagePolicy::kAsItIs, "kdump_test_id=" + started.id);
  if (armed != kExitOk) return armed;
  TRY(write_creation_test(context.root, started));
  context.log.info("Crashing the kernel; the next start says what came of it");
  TRY(context.actions.crash());
  return kExitOk;
}

}  // namespace kdump::ctl::commands
