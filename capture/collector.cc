// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/collector.h"

#include "base/exit_code.h"
#include "base/io.h"
#include "base/log.h"
#include "base/text.h"
#include "capture/dump_dmesg.h"
#include "capture/info_command.h"
#include "capture/options.h"
#include "capture/progress_display.h"
#include "capture/rearrange.h"
#include "capture/thread_budget.h"
#include "capture/verify_command.h"
#include "capture/vmcore/fault_guard.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::string_view kProgram = "kdump-collect";
constexpr std::string_view kMakedumpfile = "makedumpfile";
// First arguments that are commands.
constexpr std::string_view kInfo = "info";
constexpr std::string_view kVerify = "verify";

std::uint64_t peak_memory() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::string excluded_text(const CaptureReport& report) {
  const FilterCounts& filter = report.filter;
  std::string text;
  for (std::size_t i = 0; i < kPageClasses; ++i) {
    if (filter.excluded[i] == 0) continue;
    text += fmt::format("{}{} {}",
                        text.empty() ? "" : ", ",
                        filter.excluded[i],
                        page_class_name(static_cast<PageClass>(i)));
  }
  if (text.empty()) text = "none";
  const std::uint64_t missing = report.pages - report.kept - filter.excluded_pages();
  if (missing > 0) text += fmt::format("; {} were not in the input", missing);
  if (report.copy.zero > 0) text += fmt::format("; {} zero pages stored once", report.copy.zero);
  return text;
}

void print_summary(const Invocation& call, const CaptureReport& report, const Log& log) {
  const OutputChoice& output = call.capture.output;
  if (call.as_makedumpfile && !call.capture.dry_run) {
    // With -F standard output is the dump's.
    static_cast<void>(
        write_all(output.flattened ? STDERR_FILENO : STDOUT_FILENO,
                  fmt::format("\nThe dumpfile is saved to {}.\n\nmakedumpfile Completed.\n",
                              output.flattened ? "STDOUT" : output.path)));
    if (!call.stats) return;
  }
  log.info("kernel {}, level {}: {} pages, {} kept; left out: {}",
           escape_control(report.release),
           report.level.bits(),
           report.pages,
           report.kept,
           excluded_text(report));
  if (call.capture.dry_run) {
    log.info("selecting {:.3f} s, {} threads, peak memory {}",
             report.select_time.count(),
             call.capture.threads,
             format_size(peak_memory()));
    return;
  }
  log.info("{}: {} ({} on the disk), pages {} as {}",
           output.path,
           format_size(report.file_length),
           format_size(report.file_allocated),
           format_size(report.copy.data_bytes),
           call.capture.format == DumpFormat::kElf ? "ELF" : codec_name(call.capture.codec));
  log.info("selecting {:.2f} s, copying {:.2f} s, syncing {:.2f} s, {} threads, peak memory {}",
           report.select_time.count(),
           report.copy_time.count(),
           report.sync_time.count(),
           call.capture.threads,
           format_size(peak_memory()));
  if (!call.stats) return;
  log.info("stored uncompressed {}, unreadable {}, without struct page {}, doubtful {}, faults {}",
           report.copy.raw,
           report.copy.unreadable,
           report.filter.without_struct_page,
           report.filter.doubtful,
           report.filter.faults);
}

/// Reads a dump back that was just written.
Result<int> read_back(const Invocation& call, const Log& log) {
  const std::string& path = call.capture.output.path;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(errno, "stat {}", path);
  if (!S_ISREG(info.st_mode)) {
    log.warning("{} is no regular file and cannot be read back", path);
    return kExitOk;
  }
  CaptureProgress progress;
  std::optional<ProgressDisplay> display;
  if (call.progress) display.emplace(progress, std::string(kProgram));
  const auto report = verify_dump({path, call.capture.input, call.capture.threads}, progress);
  display.reset();
  if (!report) return report.error();
  if (!report->sound()) {
    log.error("{}", verify_text(path, *report));
    return kExitFailed;
  }
  if (call.summary) log.info("{}", trim(verify_text(path, *report)));
  return kExitOk;
}

Result<int> capture(const Invocation& call, const Log& log) {
  CaptureProgress progress;
  std::optional<ProgressDisplay> display;
  if (call.progress) display.emplace(progress, std::string(kProgram));
  const auto report = run_capture(call.capture, progress);
  display.reset();
  if (!report) return report.error();
  for (const std::string& warning : report->warnings) log.warning("{}", escape_control(warning));
  if (call.summary) print_summary(call, *report, log);
  return call.verify ? read_back(call, log) : kExitOk;
}

Result<int> dmesg(const Invocation& call, const Log& log) {
  const KernelLogCounts counts =
      TRY(dump_dmesg(call.capture.input, call.capture.output.path, call.capture.output.overwrite));
  if (counts.damaged > 0) log.warning("{} damaged kernel messages are left out", counts.damaged);
  if (call.summary) {
    if (call.as_makedumpfile) {
      static_cast<void>(
          write_all(STDOUT_FILENO,
                    fmt::format("\nThe dmesg log is saved to {}.\n\nmakedumpfile Completed.\n",
                                call.capture.output.path)));
    } else {
      log.info("{} kernel messages written to {}", counts.records, call.capture.output.path);
    }
  }
  return kExitOk;
}

Status print_version(const Invocation& call) {
  return write_all(
      STDOUT_FILENO,
      call.as_makedumpfile
          ? fmt::format("makedumpfile: answered by kdump-collect {}\n", KDUMP_TOOLKIT_VERSION)
          : fmt::format("kdump-collect {}\n", KDUMP_TOOLKIT_VERSION));
}

/// A limit on file sizes, a pipe that nobody reads: errors of the write, not the end of the
/// process. A page that cannot be read: an error of the read.
Status prepare_signals() {
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  return install_fault_guard();
}

bool is_makedumpfile(std::string_view argv0) {
  return argv0.substr(argv0.rfind('/') + 1) == kMakedumpfile;
}

}  // namespace

Result<int> run_collector(const std::vector<std::string>& arguments) {
  std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  bool as_makedumpfile = !arguments.empty() && is_makedumpfile(arguments.front());
  if (!as_makedumpfile && !rest.empty() && rest.front() == kMakedumpfile) {
    as_makedumpfile = true;
    rest.erase(rest.begin());
  }
  const Log log(std::string(as_makedumpfile ? kMakedumpfile : kProgram));
  TRY(prepare_signals());
  if (!as_makedumpfile && !rest.empty()) {
    const std::vector<std::string> behind(rest.begin() + 1, rest.end());
    if (rest.front() == kInfo) return run_info(behind, log);
    if (rest.front() == kVerify) return run_verify(behind, log);
  }
  auto call = as_makedumpfile ? parse_makedumpfile_options(rest) : parse_options(rest);
  if (!call) {
    log.error("{}\nTry '{} --help'.",
              call.error().message,
              as_makedumpfile ? "kdump-collect makedumpfile" : "kdump-collect");
    return as_makedumpfile ? kExitFailed : kExitUsage;
  }
  if (call->check_parameters) return kExitOk;
  switch (call->action) {
    case Invocation::Action::kHelp:
      TRY(write_all(STDOUT_FILENO, as_makedumpfile ? makedumpfile_help_text() : help_text()));
      return kExitOk;
    case Invocation::Action::kVersion:
      TRY(print_version(*call));
      return kExitOk;
    case Invocation::Action::kDumpDmesg:
      return dmesg(*call, log);
    case Invocation::Action::kRearrange:
      TRY(rearrange(STDIN_FILENO, call->capture.output.path, call->capture.output.overwrite));
      if (call->summary) {
        TRY(write_all(STDOUT_FILENO,
                      fmt::format("\nThe dumpfile is saved to {}.\n\nmakedumpfile Completed.\n",
                                  call->capture.output.path)));
      }
      return kExitOk;
    case Invocation::Action::kCapture:
      break;
  }
  if (!call->threads_given) call->capture.threads = default_threads(SysRoot());
  if (call->memory_limit) {
    call->capture.threads =
        std::min(call->capture.threads, TRY(threads_within(*call->memory_limit)));
  }
  return capture(*call, log);
}

}  // namespace kdump::capture
