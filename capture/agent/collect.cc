// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/collect.h"

#include "base/fd.h"
#include "base/text.h"
#include "capture/agent/bounded_call.h"
#include "capture/agent/dump_file.h"
#include "capture/agent/kernel_log.h"
#include "capture/agent/run_into_log.h"

#include <cerrno>
#include <csignal>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::chrono::seconds kLookPatience{5};
constexpr std::chrono::seconds kDmesgPatience{20};

// The kernel's own account of why a process got SIGKILL, if it was short of memory.
bool was_killed_for_memory(const CaptureContext& context, pid_t pid) {
  bool found = false;
  const auto status = context.system.each_kernel_message(
      [&](std::string_view message) { found = found || is_oom_kill_of(message, pid); });
  if (!status) context.log.warning("{}", status.error().message);
  return found;
}

/// Programs that the kernel has killed because it ran out of memory, so far.
std::vector<std::string> killed_for_memory(const CaptureContext& context) {
  std::vector<std::string> names;
  const auto status = context.system.each_kernel_message([&](std::string_view message) {
    if (auto name = oom_victim(message)) names.push_back(*std::move(name));
  });
  if (!status) context.log.warning("{}", status.error().message);
  return names;
}

Error out_of_memory(const CaptureContext& context, const std::string& program) {
  context.memory.sample();
  const auto lowest = context.memory.lowest_available_kib();
  return make_error(
      ErrorKind::kSystem,
      "{} was killed because the capture kernel ran out of memory{}\n"
      "reserve more with crashkernel= ('kdumpctl estimate' says how much is needed)",
      program,
      lowest ? fmt::format(" ({} KiB were available at the lowest)", *lowest) : std::string());
}

/// `victims`: how many programs had been killed for memory before this one ran.
Status check_end(const CaptureContext& context,
                 const Program& run,
                 const ProgramEnd& end,
                 std::size_t victims) {
  const std::string& program = run.argv[0];
  // The collector is kdump-ssh's child, which can only tell that it was killed.
  const bool is_ssh = program == config::kImageSshPath;
  if (end.deadline_passed) {
    return make_error(ErrorKind::kTimeout, "{} did not end in time and was killed", program);
  }
  if (end.stalled) {
    return make_error(
        ErrorKind::kTimeout,
        "{} made no progress for {} s and was killed: the dump target does not answer",
        program,
        run.stall.count());
  }
  if (end.status.success()) return {};
  // Before anything is asked of the kernel, which may have nothing left.
  if (is_ssh || end.status.signal == SIGKILL) context.reserve.release();
  if (end.status.signal == SIGKILL && was_killed_for_memory(context, end.pid)) {
    return out_of_memory(context, program);
  }
  if (is_ssh) {
    const auto names = killed_for_memory(context);
    if (names.size() > victims) return out_of_memory(context, names.back());
  }
  return make_error(ErrorKind::kSystem, "{} failed: {}", program, end.status.describe());
}

// What to do about a target without room; "" when it has some left.
std::string when_full(const std::string& directory) {
  constexpr std::uint64_t kNearlyNothing = std::uint64_t{1} << 20U;
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) return {};
  const std::uint64_t available = std::uint64_t{info.f_bavail} * info.f_frsize;
  if (available >= kNearlyNothing) return {};
  // One whose disk is gone has no room either, but takes no file for another reason.
  const std::string probe = directory + "/room";
  const auto file = Fd::open(probe, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file && file.error().code != ENOSPC && file.error().code != EDQUOT) return {};
  if (file) ::unlink(probe.c_str());
  return fmt::format(
      "\nthe dump target is full ({} of {} left): remove old dumps from it, or name a "
      "larger one",
      format_size(available),
      format_size(std::uint64_t{info.f_blocks} * info.f_frsize));
}

}  // namespace

Status run_logged(const CaptureContext& context, Program program, Deadline deadline) {
  // kdump-ssh notices by itself that its server is silent, and sleeps while the collector thinks.
  const bool is_ssh = program.argv[0] == config::kImageSshPath;
  const std::size_t victims = is_ssh ? killed_for_memory(context).size() : 0;
  if (!is_ssh && program.stall.count() == 0) {
    program.stall = std::chrono::seconds(context.plan.deadlines.stall);
  }
  const auto end = run_into_log(context.system,
                                context.log,
                                program,
                                deadline,
                                {.output = {},
                                 .tick = [&] { context.memory.sample(); },
                                 .active = [&] { context.steps.moved(); }});
  if (!end) return end.error();
  return check_end(context, program, *end, victims);
}

std::string time_since(const CaptureContext& context, Deadline start) {
  return fmt::format("{:.2f} s",
                     std::chrono::duration<double>(context.system.now() - start).count());
}

bool collector_is_native(const config::CapturePlan& plan) {
  return plan.collector.at(0) == config::kImageCollectorPath;
}

Status save_dmesg(const CaptureContext& context, const std::string& directory) {
  const Deadline start = context.system.now();
  const Deadline deadline = context.steps.begin(Step::kDmesg, context.plan.deadlines.dmesg);
  const std::string incomplete = directory + "/vmcore-dmesg-incomplete.txt";
  context.log.info("saving vmcore-dmesg.txt");
  Program program{
      {config::kImageCollectorPath, "--dump-dmesg", context.root.path(kVmcorePath), incomplete}};
  // It takes moments: a target that does not take it in this time will take nothing.
  if (is_followed(context)) program.stall = kDmesgPatience;
  TRY(run_logged(context, std::move(program), deadline));
  const std::uint64_t size = TRY(publish_dump_file(incomplete, directory + "/vmcore-dmesg.txt"));
  context.log.info(
      "saved vmcore-dmesg.txt ({}, {})", format_size(size), time_since(context, start));
  return {};
}

Status save_vmcore(const CaptureContext& context,
                   std::vector<std::string> collector,
                   const std::string& directory) {
  const Deadline start = context.system.now();
  const Deadline deadline = context.steps.begin(Step::kCollect, context.plan.deadlines.collect);
  const std::string incomplete = directory + "/vmcore-incomplete";
  std::vector<std::string> argv = std::move(collector);
  argv.push_back(context.root.path(kVmcorePath));
  argv.push_back(incomplete);
  context.log.info("saving vmcore");
  if (auto collected = run_logged(context, {argv}, deadline); !collected) {
    Error error = std::move(collected).error();
    // A target that does not answer is not asked more: its file system may hold whoever does.
    if (error.kind == ErrorKind::kTimeout) return error;
    const auto advice = call_bounded(
        "look at the dump target",
        [&]() -> Result<std::string> { return when_full(directory); },
        context.system.now() + kLookPatience,
        Overdue::kKill);
    error.message += advice.value_or(std::string());
    return error;
  }
  context.steps.begin(Step::kSync, context.plan.deadlines.sync);
  const std::uint64_t size = TRY(publish_dump_file(incomplete, directory + "/vmcore"));
  context.log.info("saved vmcore ({}, {})", format_size(size), time_since(context, start));
  return {};
}

std::vector<std::string> stream_command(const CaptureContext& context,
                                        const std::vector<std::string>& collector) {
  std::vector<std::string> argv = collector;
  const bool native = collector_is_native(context.plan);
  const bool as_makedumpfile = native && argv.size() > 1 && argv[1] == "makedumpfile";
  if (as_makedumpfile) argv.insert(argv.begin() + 2, "-F");
  argv.push_back(context.root.path(kVmcorePath));
  if (native && !as_makedumpfile) argv.emplace_back("-");
  return argv;
}

std::vector<std::string> dmesg_command(const CaptureContext& context) {
  return {config::kImageCollectorPath, "--dump-dmesg", context.root.path(kVmcorePath), "-"};
}

}  // namespace kdump::agent
