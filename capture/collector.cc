// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/collector.h"

#include "base/atomic_file.h"
#include "base/exit_code.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sys_root.h"
#include "base/text.h"
#include "capture/debug_info_files.h"
#include "capture/dump_dmesg.h"
#include "capture/info_command.h"
#include "capture/memory_survey.h"
#include "capture/options.h"
#include "capture/page_samples.h"
#include "capture/progress_display.h"
#include "capture/rearrange.h"
#include "capture/reassemble.h"
#include "capture/survey_text.h"
#include "capture/thread_budget.h"
#include "capture/translate_address.h"
#include "capture/verify_command.h"
#include "capture/vmcore/dump_file.h"
#include "capture/vmcore/fault_guard.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::string_view kProgram = "kdump-collect";
constexpr std::string_view kMakedumpfile = "makedumpfile";
// First arguments that are commands.
constexpr std::string_view kInfo = "info";
constexpr std::string_view kVerify = "verify";

/// Of this program alone: what getrusage(2) tells includes the process that started it.
std::uint64_t peak_memory() {
  const auto status = SysRoot().read("/proc/self/status");
  if (!status) return 0;
  for (const std::string_view line : split_lines(*status)) {
    const auto words = split_words(line);
    if (words.size() < 2 || words[0] != "VmHWM:") continue;
    return parse_unsigned(words[1]).value_or(0) << 10U;
  }
  return 0;
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

/// What makedumpfile prints goes to standard output, unless the dump goes there (-F).
Status say_as_makedumpfile(const Invocation& call, std::string_view text) {
  return write_all(call.capture.output.flattened ? STDERR_FILENO : STDOUT_FILENO, text);
}

std::string completed(std::string_view what) {
  return fmt::format("\n{}\n\nmakedumpfile Completed.\n", what);
}

/// "a", "a and b" is "a, and b" to makedumpfile.
std::string output_names(const CaptureOptions& options) {
  if (options.parts.empty()) return options.output.path;
  std::string names;
  for (const std::string& part : options.parts) {
    if (!names.empty()) names += &part == &options.parts.back() ? ", and " : ", ";
    names += part;
  }
  return names;
}

std::string saved_text(const CaptureOptions& options) {
  if (!options.parts.empty()) {
    return fmt::format("The dumpfiles are saved to {}.", output_names(options));
  }
  return fmt::format("The dumpfile is saved to {}.",
                     options.output.flattened ? "STDOUT" : options.output.path);
}

void print_summary(const Invocation& call, const CaptureReport& report, const Log& log) {
  if (call.as_makedumpfile && !call.capture.dry_run) {
    static_cast<void>(say_as_makedumpfile(call, completed(saved_text(call.capture))));
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
             report.threads,
             format_size(peak_memory()));
    return;
  }
  log.info("{}: {} ({} on the disk), pages {} as {}",
           output_names(call.capture),
           format_size(report.file_length),
           format_size(report.file_allocated),
           format_size(report.copy.data_bytes),
           call.capture.format == DumpFormat::kElf ? "ELF" : codec_name(call.capture.codec));
  log.info("selecting {:.2f} s, copying {:.2f} s, syncing {:.2f} s, {} threads, peak memory {}",
           report.select_time.count(),
           report.copy_time.count(),
           report.sync_time.count(),
           report.threads,
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
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    log.warning("{} is neither a file nor a block device and cannot be read back", path);
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

/// A dry run and makedumpfile show it as well as a capture.
Status print_translation(const Invocation& call, const Log& log) {
  if (!call.translate) return {};
  const auto translated = TRY(translate_address(call.capture, *call.translate));
  if (!translated.phys) log.warning("{}", escape_control(translated.reason));
  const std::string text = translation_text(*call.translate, translated);
  return say_as_makedumpfile(call, call.as_makedumpfile ? "\n" + text : text);
}

Result<int> dmesg(const Invocation& call, const Log& log) {
  const KernelLogCounts counts = TRY(dump_dmesg(call.capture.input,
                                                call.capture.output.path,
                                                call.capture.output.overwrite,
                                                call.log_part,
                                                call.capture.debug_info));
  if (counts.damaged > 0) log.warning("{} damaged kernel messages are left out", counts.damaged);
  if (call.summary) {
    if (call.as_makedumpfile) {
      static_cast<void>(say_as_makedumpfile(
          call, completed(fmt::format("The dmesg log is saved to {}.", call.capture.output.path))));
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

Result<int> saved(const Invocation& call) {
  if (call.as_makedumpfile && call.summary) {
    TRY(say_as_makedumpfile(call, completed(saved_text(call.capture))));
  }
  return kExitOk;
}

Result<int> rearranged(const Invocation& call) {
  const OutputChoice& output = call.capture.output;
  TRY(rearrange(STDIN_FILENO, output.path, output.overwrite));
  return saved(call);
}

Result<int> reassembled(const Invocation& call, const Log& log) {
  const OutputChoice& output = call.capture.output;
  const auto warnings = TRY(reassemble(call.dump_parts, output.path, output.overwrite));
  for (const std::string& warning : warnings) log.warning("{}", escape_control(warning));
  return saved(call);
}

Result<int> vmcoreinfo_file(const Invocation& call) {
  constexpr mode_t kMode = 0644;
  const std::string& path = call.capture.output.path;
  TRY(write_file_atomically(path, kMode, TRY(vmcoreinfo_of_vmlinux(call.debug_info.vmlinux))));
  if (call.summary) {
    TRY(say_as_makedumpfile(call, completed(fmt::format("The vmcoreinfo is saved to {}.", path))));
  }
  return kExitOk;
}

Result<int> memory_usage(const Invocation& call, const Log& log) {
  const SysRoot host;
  const bool live = call.capture.input == kLiveKernel;
  if (live) {
    const auto kcore = Fd::open(call.capture.input, O_RDONLY);
    if (!kcore) return explain_kcore(kcore.error(), host);
  }
  const std::vector<Range> reserved = live ? crash_kernel_memory(host) : std::vector<Range>();
  const MemorySurvey survey = TRY(survey_memory(call.capture, reserved));
  for (const std::string& warning : survey.warnings) log.warning("{}", escape_control(warning));
  const bool only_usage = call.action == Invocation::Action::kMemoryUsage;
  if (only_usage && !call.as_makedumpfile) {
    TRY(write_all(STDOUT_FILENO, usage_text(survey)));
    return kExitOk;
  }
  const PageSamples samples = TRY(sample_pages(call.capture, reserved));
  if (call.json) {
    TRY(write_all(STDOUT_FILENO, estimate_json(survey, samples, call.capture)));
    return kExitOk;
  }
  TRY(write_all(STDOUT_FILENO,
                only_usage ? makedumpfile_usage_text(survey, samples)
                           : usage_text(survey) + estimate_text(survey, samples, call.capture)));
  return kExitOk;
}

void set_threads(Invocation& call) {
  if (!call.threads_given) call.capture.threads = default_threads(SysRoot());
}

bool is_makedumpfile(std::string_view argv0) {
  return argv0.substr(argv0.rfind('/') + 1) == kMakedumpfile;
}

Result<int> perform(Invocation& call, const Log& log) {
  using Action = Invocation::Action;
  call.capture.debug_info = TRY(read_debug_info(call.debug_info));
  switch (call.action) {
    case Action::kHelp:
      TRY(write_all(STDOUT_FILENO, call.as_makedumpfile ? makedumpfile_help_text() : help_text()));
      return kExitOk;
    case Action::kVersion:
      TRY(print_version(call));
      return kExitOk;
    case Action::kDumpDmesg:
      return dmesg(call, log);
    case Action::kRearrange:
      return rearranged(call);
    case Action::kReassemble:
      return reassembled(call, log);
    case Action::kMakeVmcoreinfo:
      return vmcoreinfo_file(call);
    case Action::kMemoryUsage:
    case Action::kEstimate:
      set_threads(call);
      return memory_usage(call, log);
    case Action::kCapture:
      break;
  }
  set_threads(call);
  TRY(print_translation(call, log));
  return capture(call, log);
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
  auto result = perform(*call, log);
  if (result) return result;
  if (as_makedumpfile) TRY(say_as_makedumpfile(*call, "\nmakedumpfile Failed.\n"));
  log.error("{}", result.error().message);
  return result.error().kind == ErrorKind::kMismatch ? kExitMismatch : kExitFailed;
}

}  // namespace kdump::capture
