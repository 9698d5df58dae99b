// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/arming.h"

#include "base/exit_code.h"
#include "kdumpctl/feasibility.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/panic_cmdline.h"
#include "kdumpctl/rebuild_check.h"

#include <filesystem>
#include <unistd.h>

namespace kdump::ctl {
namespace {

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

void report_rebuild(const Context& context, const RebuildDecision& decision) {
  using Kind = RebuildDecision::Kind;
  if (decision.kind == Kind::kMissing) context.log.info("No kdump initial ramdisk found.");
  if (decision.kind == Kind::kStale) {
    context.log.info("Detected change(s) in the following file(s): {}",
                     fmt::join(decision.changed, " "));
  }
}

Status provide_image(const Context& context,
                     const Settings& settings,
                     const CaptureKernel& target,
                     ImagePolicy policy) {
  if (policy == ImagePolicy::kAsItIs) {
    if (context.root.exists(target.image)) return {};
    return make_error(
        ErrorKind::kNotFound,
        "No kdump initial ramdisk found.\n{} does not exist. Build it with \"kdumpctl "
        "rebuild\", or use \"kdumpctl restart\"",
        context.root.path(target.image));
  }
  const RebuildDecision decision = TRY(check_rebuild(context.root, settings.config, target));
  if (!decision.rebuild()) return {};
  report_rebuild(context, decision);
  if (decision.kind == RebuildDecision::Kind::kForced) {
    context.log.info("Force rebuild {}", context.root.path(target.image));
  }
  return build_image(context, settings, target);
}

void report_changes(const Context& context, const PanicCommandLine& line) {
  for (const CmdlineChange& change : line.changes) {
    const bool removed = change.kind == CmdlineChange::Kind::kRemoved;
    context.log.debug(
        "command line: {} {} ({})", removed ? "without" : "with", change.text, change.reason);
  }
  context.log.debug("command line: {}", line.text);
}

Result<kexec::LoadPlan> prepare(const Context& context,
                                const Settings& settings,
                                ImagePolicy policy) {
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  for (const std::string& note : target.notes) context.log.warning("{}", note);
  TRY(provide_image(context, settings, target, policy));
  const PanicCommandLine line =
      panic_command_line(settings.sysconfig, TRY(read_cmdline_facts(context.root)));
  report_changes(context, line);
  auto plan =
      TRY(context.actions.plan_load({target.kernel, target.image, line.text, settings.kexec}));
  const LogLevel shown_at = settings.kexec.debug ? LogLevel::kInfo : LogLevel::kDebug;
  if (context.log.level() >= shown_at) context.log.info("{}", kexec::describe(plan));
  return plan;
}

/// What an administrator wants to know after any failure.
void report_state(const Context& context) {
  const auto loaded = kexec::crash_loaded(context.root);
  if (!loaded) return;  // a kernel without kexec; the error has said so
  context.log.error("{}",
                    *loaded ? "The panic kernel that was loaded before stays loaded"
                            : "No panic kernel is loaded: a crash would leave no dump");
}

}  // namespace

Result<Settings> check_host_and_settings(const Context& context) {
  TRY(check_feasibility(context.root));
  return load_settings(context.root, context.log);
}

Status build_image(const Context& context, const Settings& settings, const CaptureKernel& target) {
  const std::string image = context.root.path(target.image);
  const std::string folder = folder_of(image);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return system_error(error.value(), "cannot create {}", folder);
  if (::access(folder.c_str(), W_OK) != 0) {
    return make_error(
        ErrorKind::kUsage, "{} does not have write permission. Cannot rebuild {}", folder, image);
  }
  context.log.info("Rebuilding {}", image);
  const auto built = context.actions.build_image({target.image,
                                                  target.version,
                                                  settings.sysconfig.mkdumprd_args,
                                                  context.log.level() >= LogLevel::kDebug});
  if (built) return {};
  Error failure = built.error();
  failure.message += "\nmkdumprd: failed to make kdump initrd";
  return failure;
}

int start_failed(const Context& context, const Error& error) {
  context.log.error("{}", error.message);
  report_state(context);
  context.log.error("Starting kdump: [FAILED]");
  return kExitFailed;
}

int arm(const Context& context, const Settings& settings, ImagePolicy policy) {
  const auto plan = prepare(context, settings, policy);
  if (!plan) return start_failed(context, plan.error());
  if (const auto loaded = context.actions.load(*plan); !loaded) {
    // The loader's message says what is loaded now.
    context.log.error("{}", loaded.error().message);
    context.log.error("kexec: failed to load kdump kernel");
    context.log.error("Starting kdump: [FAILED]");
    return kExitFailed;
  }
  context.log.info("kexec: loaded kdump kernel");
  context.log.info("Starting kdump: [OK]");
  return kExitOk;
}

}  // namespace kdump::ctl
