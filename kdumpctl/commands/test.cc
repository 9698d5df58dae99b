// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/text.h"
#include "kdumpctl/arming.h"
#include "kdumpctl/command.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/rehearsal/crash_as_init.h"
#include "kdumpctl/rehearsal/rehearse.h"

#include <ctime>
#include <optional>

namespace kdump::ctl::commands {
namespace {

constexpr std::uint64_t kLeastReserved = std::uint64_t{32} << 20U;
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

struct TestWishes {
  bool force = false;
  bool in_qemu = false;
  rehearsal::Wishes qemu;
};

/// Nothing when the help was wanted.
Result<std::optional<TestWishes>> read_wishes(const Context& context) {
  TestWishes wishes;
  std::string reserved;
  unsigned timeout = 0;
  CLI::App app(
      "Crashes the kernel to see whether a vmcore is saved. Asks first. With --qemu a virtual\n"
      "machine crashes instead, with the same kernel, image and command line.",
      "kdumpctl test");
  app.add_flag("--force", wishes.force, "Do not ask");
  auto* qemu = app.add_flag("--qemu", wishes.in_qemu, "In a virtual machine; nothing is lost");
  app.add_option("--reserved", reserved, "crashkernel= of the machine; this host's by default")
      ->type_name("SIZE")
      ->needs(qemu);
  app.add_option("--timeout", timeout, "How long the machine may take")
      ->type_name("SECONDS")
      ->check(CLI::Range(1U, 86400U))
      ->needs(qemu);
  app.add_flag("--emulate", wishes.qemu.emulate, "Without KVM")->needs(qemu);
  app.add_flag("--keep", wishes.qemu.keep, "Keep the machine's disk, console and dump")
      ->needs(qemu);
  if (!TRY(reboot::parse_verb(app, context.arguments))) return std::optional<TestWishes>();
  wishes.qemu.patience = std::chrono::seconds(timeout);
  if (!reserved.empty()) {
    const auto size = parse_size(reserved);
    if (!size || *size < kLeastReserved) {
      return make_error(ErrorKind::kUsage,
                        "--reserved {}: write a size of at least 32M, as 256M",
                        escape_control(reserved));
    }
    wishes.qemu.reserved = *size;
  }
  return std::optional(wishes);
}

}  // namespace

/// A real panic with everything as it would be; the next start says what came of it.
Result<int> test(const Context& context) {
  const auto wishes = TRY(read_wishes(context));
  if (!wishes) return kExitOk;
  if (wishes->in_qemu) {
    TRY(check_is_root(context, "test"));
    return rehearsal::rehearse(context, wishes->qemu);
  }
  const ServiceLock lock = TRY(take_service_lock(context, "test"));
  if (!TRY(kexec::crash_loaded(context.root))) {
    return make_error(ErrorKind::kUsage,
                      "Kdump needs be operational before test: run \"kdumpctl start\"");
  }
  context.log.warning("{}", kWarning);
  if (!wishes->force && !TRY(context.actions.confirm("Crash this host now? [y/N] "))) {
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

/// For the machine of `test --qemu` alone; no help speaks of it.
Result<int> crash_as_init(const Context& context) {
  TRY(rehearsal::crash_as_init(context));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
