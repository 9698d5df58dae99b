// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/arming.h"

#include "base/exit_code.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/feasibility.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/kexec/load_refusal.h"
#include "kdumpctl/last_good.h"
#include "kdumpctl/panic_plan.h"
#include "kdumpctl/target_check.h"

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
    if (!decision.files.empty()) {
      context.log.info("Detected change(s) in the following file(s): {}",
                       fmt::join(decision.files, " "));
    }
    for (const std::string& fact : decision.facts) context.log.info("Detected change in {}", fact);
  }
}

void report_changes(const Context& context, const PanicCommandLine& line) {
  for (const CmdlineChange& change : line.changes) {
    const bool removed = change.kind == CmdlineChange::Kind::kRemoved;
    context.log.debug(
        "command line: {} {} ({})", removed ? "without" : "with", change.text, change.reason);
  }
  context.log.debug("command line: {}", line.text);
}

void report_choice(const Context& context, const kexec::SyscallChoice& choice) {
  if (choice.first == kexec::Syscall::kFileLoad && choice.reason == "Secure Boot is enabled") {
    context.log.info("Secure Boot is enabled. Using kexec file based syscall.");
  } else if (choice.against_wish) {
    context.log.warning(
        "KEXEC_ARGS is not followed: {} is used, as {}", to_string(choice.first), choice.reason);
  }
  context.log.debug("system call: {} ({})", to_string(choice.first), choice.reason);
}

struct Prepared {
  PreparedLoad load;
  bool has_old_image = false;  ///< it is out of date, and no other could be built: a failure
};

/// On a host that is not armed an old image is better than none: whatever it cannot do any more,
/// the last kernel messages are on the console.
bool uses_old_image(const Context& context, const CaptureKernel& target, const Error& error) {
  if (!context.root.exists(target.image) || kexec::crash_loaded(context.root).value_or(true)) {
    return false;
  }
  context.log.error("{}", error.message);
  context.log.error("{} is loaded as it is", context.root.path(target.image));
  return true;
}

/// An image that the panic kernel cannot unpack saves nothing, however current it is.
Status check_wholeness(const Context& context,
                       const CaptureKernel& target,
                       const PreparedLoad& prepared) {
  if (prepared.image_damage.empty() || !is_as_built(context.root, target)) return {};
  return make_error(ErrorKind::kBadData,
                    "{}: {}, so that it would save nothing. Build it again (kdumpctl rebuild)",
                    context.root.path(target.image),
                    prepared.image_damage);
}

Result<PreparedLoad> plan_and_report(const Context& context,
                                     const Settings& settings,
                                     const CaptureKernel& target) {
  auto plan = TRY(plan_panic(context, settings, target));
  TRY(check_wholeness(context, target, plan.prepared));
  for (const std::string& note : plan.notes) context.log.warning("{}", note);
  report_changes(context, plan.cmdline);
  const LogLevel shown_at = settings.kexec.debug ? LogLevel::kInfo : LogLevel::kDebug;
  if (context.log.level() >= shown_at) {
    context.log.info("{}", kexec::describe(plan.prepared.load.plan));
  }
  report_choice(context, plan.prepared.load.choice);
  return std::move(plan.prepared);
}

/// A new image in the place of one that was damaged after it was built, which no change of its
/// inputs shows. `error` is why it cannot be loaded. Whether there is a new one.
Result<bool> replace_damaged(const Context& context,
                             const Settings& settings,
                             const CaptureKernel& target,
                             const Error& error) {
  const bool names_image = error.message.starts_with(context.root.path(target.image) + ":");
  if (!names_image || error.kind != ErrorKind::kBadData || settings.config.force_no_rebuild) {
    return false;
  }
  context.log.warning("{}", error.message);
  TRY(build_image(context, settings, target));
  return true;
}

Result<Prepared> prepare(const Context& context, const Settings& settings, ImagePolicy policy) {
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  for (const std::string& note : target.notes) context.log.warning("{}", note);
  const auto provided = provide_image(context, settings, target, policy);
  const bool old_image = !provided && uses_old_image(context, target, provided.error());
  if (!provided && !old_image) return provided.error();
  auto planned = plan_and_report(context, settings, target);
  if (!planned && !old_image && policy == ImagePolicy::kBuildWhenNeeded &&
      TRY(replace_damaged(context, settings, target, planned.error()))) {
    planned = plan_and_report(context, settings, target);
  }
  if (!planned) return planned.error();
  return Prepared{std::move(*planned), old_image};
}

/// Loads and unloads that are left are not to be used up unnoticed.
void report_limit(const Context& context) {
  const auto note = kexec::load_limit_note(context.root, kexec::LoadKind::kPanic);
  if (note) context.log.warning("{}", *note);
}

/// The kernel has freed what was loaded and then refused the new one: what was there before is
/// loaded again.
Result<kexec::KernelLoadResult> load_last_good(const Context& context) {
  const LoadOrder order = TRY(last_good_order(context.root));
  return context.actions.load(TRY(context.actions.plan_load(order)).load);
}

/// The state after a load that the kernel has refused.
void restore(const Context& context, bool was_loaded) {
  const auto loaded = kexec::crash_loaded(context.root);
  if (loaded && *loaded) {
    context.log.error("The panic kernel that was loaded before stays loaded");
    return;
  }
  if (was_loaded) {
    const auto again = load_last_good(context);
    if (again) {
      context.log.warning(
          "The kernel had freed the panic kernel that was loaded before; it has been loaded again");
      return;
    }
    context.log.error("What was loaded before cannot be loaded again: {}", again.error().message);
  }
  context.log.error("No panic kernel is loaded: a crash would leave no dump");
}

/// That a record or a copy could not be written does not make the host less protected.
void remember(const Context& context,
              const PreparedLoad& prepared,
              const kexec::KernelLoadResult& result,
              bool early) {
  ArmedState state{.kernel_version = prepared.order.kernel_version,
                   .kernel = prepared.kernel,
                   .image = prepared.image,
                   .command_line = prepared.order.command_line,
                   .options = prepared.order.options,
                   .volume_keys = prepared.order.volume_keys,
                   .syscall = result.used,
                   .reason = result.refusal.empty() ? prepared.load.choice.reason : result.refusal,
                   .need_bytes = prepared.load.plan.need.total(),
                   .segments = {},
                   .early = early};
  if (result.used == kexec::Syscall::kLoad) {
    for (const kexec::Segment& segment : prepared.load.plan.segments) {
      state.segments.push_back({segment.name, segment.address.value(), segment.memory_size});
    }
  }
  if (const auto kept = remember_armed(context.root, state); !kept) {
    context.log.warning("The next load that fails may not be undone: {}", kept.error().message);
  }
}

/// An unplugged disk is no reason not to be armed, but one to say so.
void check_target_of(const Context& context, const Settings& settings) {
  const TargetCheck check = check_target(context.root, settings.config);
  if (check.verdict == TargetCheck::Verdict::kBad) {
    context.log.warning("The dump target: {}. {}", check.text, check.remedy);
  }
  if (const auto kept = remember_target_check(context.root, check); !kept) {
    context.log.warning("{}", kept.error().message);
  }
}

/// The initramfs still has what was loaded before the change.
void check_early_copy_of(const Context& context, const Settings& settings) {
  const auto target = find_capture_kernel(context.root, settings.sysconfig);
  if (!target) return;  // it was found a moment ago, to be loaded
  const auto state = early_state(context.root, *target);
  if (!state) {
    context.log.warning("{}", state.error().message);
  } else if (*state && (*state)->kind != EarlyState::Kind::kCurrent) {
    context.log.warning("Early kdump: {}. {}", text_of(**state), (*state)->remedy);
  }
}

/// What an administrator wants to know after any failure.
void report_state(const Context& context) {
  const auto loaded = kexec::crash_loaded(context.root);
  if (!loaded) return;  // a kernel without kexec; the error has said so
  context.log.error("{}",
                    *loaded ? "The panic kernel that was loaded before stays loaded"
                            : "No panic kernel is loaded: a crash would leave no dump");
}

int failed(const Context& context) {
  context.log.error("Starting kdump: [FAILED]");
  return kExitFailed;
}

/// With every finding reported; whether it is loaded.
bool load(const Context& context, const PreparedLoad& prepared, bool early = false) {
  const bool was_loaded = kexec::crash_loaded(context.root).value_or(false);
  const auto loaded = context.actions.load(prepared.load);
  if (!loaded) {
    context.log.error("{}", loaded.error().message);
    restore(context, was_loaded);
    context.log.error("kexec: failed to load kdump kernel");
    return false;
  }
  if (!loaded->refusal.empty()) {
    context.log.info("{}; {} was used", loaded->refusal, to_string(loaded->used));
  }
  remember(context, prepared, *loaded, early);
  report_limit(context);
  context.log.info("kexec: loaded kdump kernel");
  return true;
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
  if (built) {
    if (const auto forgotten = forget_creation_test(context.root); !forgotten) {
      context.log.warning("{}", forgotten.error().message);
    }
    return {};
  }
  Error failure = built.error();
  failure.message += "\nmkdumprd: failed to make kdump initrd";
  return failure;
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
  const RebuildDecision decision =
      TRY(check_rebuild(context.root, settings.config, settings.sysconfig, target));
  if (!decision.rebuild()) {
    if (const auto kept = keep_renewed_manifest(context.root, target, decision); !kept) {
      context.log.warning("{}", kept.error().message);
    }
    return {};
  }
  report_rebuild(context, decision);
  if (decision.kind == RebuildDecision::Kind::kForced) {
    context.log.info("Force rebuild {}", context.root.path(target.image));
  }
  return build_image(context, settings, target);
}

int start_failed(const Context& context, const Error& error) {
  context.log.error("{}", error.message);
  report_state(context);
  return failed(context);
}

int start_without_settings(const Context& context, const Error& error) {
  if (kexec::crash_loaded(context.root).value_or(true)) return start_failed(context, error);
  if (const auto feasible = check_feasibility(context.root); !feasible) {
    return start_failed(context, feasible.error());
  }
  const auto prepared = prepare(context, usable_settings(context.root), ImagePolicy::kAsItIs);
  if (!prepared) return start_failed(context, error);
  if (load(context, prepared->load)) {
    context.log.error(
        "the configuration has errors: the image that is there was loaded as it is, by what of the "
        "configuration is valid");
  }
  return failed(context);
}

int arm(const Context& context,
        const Settings& given,
        ImagePolicy policy,
        const std::string& append) {
  Settings settings = given;
  if (!append.empty()) settings.sysconfig.commandline_append += " " + append;
  const auto prepared = prepare(context, settings, policy);
  if (!prepared) return start_failed(context, prepared.error());
  if (!load(context, prepared->load)) return failed(context);
  check_target_of(context, settings);
  check_early_copy_of(context, settings);
  if (prepared->has_old_image) return failed(context);
  context.log.info("Starting kdump: [OK]");
  return kExitOk;
}

int arm_early(const Context& context, const EarlyCopy& copy) {
  const CaptureKernel target{copy.kernel_version, copy.kernel.path, copy.image.path, {}};
  auto prepared = plan_and_report(context, usable_settings(context.root), target);
  if (!prepared) return start_failed(context, prepared.error());
  for (const auto& [now, then] :
       {std::pair(&prepared->kernel, &copy.kernel), std::pair(&prepared->image, &copy.image)}) {
    if (now->sha256 != then->sha256) {
      return start_failed(context,
                          make_error(ErrorKind::kBadData,
                                     "{} in the initramfs is not what was put there; make the "
                                     "initramfs again",
                                     then->path));
    }
    *now = *then;  // with the time that it has on the host
  }
  if (!load(context, *prepared, true)) return failed(context);
  context.log.info("Starting kdump: [OK]");
  return kExitOk;
}

}  // namespace kdump::ctl
