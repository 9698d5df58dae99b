// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/rehearse.h"

#include "base/atomic_file.h"
#include "base/exit_code.h"
#include "base/io.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "config/crashkernel_value.h"
#include "config/rehearsal.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/default_crashkernel.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/panic_cmdline.h"
#include "kdumpctl/qemu_measurement.h"
#include "kdumpctl/rehearsal/console_watch.h"
#include "kdumpctl/rehearsal/orders.h"
#include "kdumpctl/rehearsal/qemu.h"
#include "kdumpctl/rehearsal/work_folder.h"
#include "kdumpctl/saved_dumps.h"
#include "kdumpctl/settings.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <poll.h>
#include <unistd.h>

namespace kdump::ctl::rehearsal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
/// Of the kernel that crashes, which unpacks the initramfs: enough for images of 256 MiB.
constexpr std::uint64_t kOrdinaryMemory = kGiB;
/// A dump of all of the machine's memory, uncompressed, would fit.
constexpr std::uint64_t kDiskRoom = kGiB;
constexpr std::chrono::seconds kPatience{180};
constexpr std::chrono::seconds kPatienceEmulated{900};

/// What is tried.
struct Subject {
  Settings settings;
  CaptureKernel kernel;
  Orders orders;
  std::uint64_t reserved = 0;
};

/// As `kdumpctl estimate` has it where nothing is reserved yet.
Result<std::uint64_t> reservation(const SysRoot& root) {
  const auto size = kexec::crash_size(root);
  if (size && *size > 0) return *size;
  const auto value = TRY(default_crashkernel(TRY(read_crashkernel_facts(root))));
  // The default of a host with so much memory that it has one.
  const auto request = config::parse_crashkernel(value, 64 * kGiB);
  if (request && request->total() > 0) return request->total();
  return make_error(ErrorKind::kUnsupported, "say with --reserved how much memory to reserve");
}

Result<Subject> choose_subject(const Context& context, const Wishes& wishes) {
  Subject out;
  out.settings = TRY(load_settings(context.root, context.log));
  out.kernel = TRY(find_capture_kernel(context.root, out.settings.sysconfig));
  if (!context.root.exists(out.kernel.image)) {
    return make_error(ErrorKind::kNotFound,
                      "{} does not exist. Build it with \"kdumpctl rebuild\"",
                      out.kernel.image);
  }
  const kexec::KernelImage kernel = TRY(kexec::read_kernel_image(out.kernel.kernel));
  if (kernel.machine() != kexec::Machine::kX86) {
    return make_error(ErrorKind::kUnsupported,
                      "only x86_64 kernels can be tried in QEMU; use \"kdumpctl test\" alone");
  }
  const CmdlineFacts facts = TRY(read_cmdline_facts(context.root));
  CmdlineEditor line(panic_command_line(out.settings.sysconfig, facts).text);
  line.add("console=ttyS0", "the machine's serial line");
  out.orders = {.kernel_version = out.kernel.version,
                .command_line = std::move(line).finish().text,
                .kexec_args = out.settings.sysconfig.kexec_args};
  out.reserved = wishes.reserved > 0 ? wishes.reserved : TRY(reservation(context.root));
  return out;
}

/// What these programs print is for those who call them by hand.
Status run_silently(const std::vector<std::string>& argv) {
  const Fd sink = TRY(Fd::open("/dev/null", O_WRONLY));
  Child child = TRY(Child::spawn(argv, {.in = -1, .out = sink.raw(), .err = sink.raw()}));
  const ExitStatus status = TRY(child.wait());
  if (status.success()) return {};
  return make_error(ErrorKind::kSystem, "{} ended with {}", argv.front(), status.describe());
}

/// Everything that the machine is started with.
Result<QemuFiles> prepare(const Context& context, const Subject& subject, const WorkFolder& work) {
  const QemuFiles files = {.kernel = subject.kernel.kernel,
                           .initramfs = work.path("initramfs"),
                           .disk = work.path("disk")};
  const std::string orders = work.path("orders");
  std::error_code error;
  const auto own_program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return system_error(error.value(), "cannot find out which program this is");
  TRY(write_file_atomically(orders, 0600, to_json(subject.orders)));
  TRY(context.actions.run({TRY(mkdumprd_program()),
                           "rehearsal",
                           "--init",
                           own_program.string(),
                           "--orders",
                           orders,
                           "--kernel",
                           subject.kernel.kernel,
                           "--kver",
                           subject.kernel.version,
                           subject.kernel.image,
                           files.initramfs}));
  const std::uint64_t size = subject.reserved + kOrdinaryMemory + kDiskRoom;
  const auto made = run_silently({"mke2fs",
                                  "-q",
                                  "-F",
                                  "-t",
                                  "ext4",
                                  "-L",
                                  config::kScratchLabel,
                                  files.disk,
                                  fmt::format("{}K", size >> 10U)});
  if (!made) return Error(made.error()).with_context("e2fsprogs is needed for the scratch disk");
  return files;
}

/// Runs the machine to its end. kTimeout when it does not end by itself: it is killed then.
Status run_machine(const Context& context,
                   const std::vector<std::string>& argv,
                   std::chrono::seconds patience,
                   const std::string& console,
                   ConsoleWatch& watch) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "pipe");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  AtomicFile record = TRY(AtomicFile::create(console, 0600));
  const auto start = Clock::now();
  Child child = TRY(Child::spawn(argv, {.in = -1, .out = write_end.raw(), .err = -1}));
  write_end = Fd();
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(start + patience - Clock::now()).count();
    pollfd watched{read_end.raw(), POLLIN, 0};
    const int ready = left > 0 ? ::poll(&watched, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return system_error(errno, "poll");
    if (ready == 0) {
      TRY(record.commit());
      return make_error(ErrorKind::kTimeout,
                        "the machine did not end within {} s and was killed",
                        patience.count());
    }
    const std::size_t got =
        TRY(read_some(read_end.raw(), std::as_writable_bytes(std::span(buffer))));
    if (got == 0) break;
    const std::string_view bytes(buffer.data(), got);
    TRY(record.write(bytes));
    const auto now = std::chrono::duration_cast<ConsoleWatch::Time>(Clock::now() - start);
    const std::string told = watch.take(bytes, now);
    if (!told.empty()) context.log.info("{}", told);
  }
  TRY(record.commit());
  const ExitStatus status = TRY(child.wait());
  if (status.success()) return {};
  return make_error(ErrorKind::kSystem, "{} ended with {}", argv.front(), status.describe());
}

/// For `kdumpctl estimate`.
void remember(const Context& context, const Subject& subject, std::uint64_t untouched) {
  if (untouched > subject.reserved) return;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto kept = write_qemu_measurement(context.root, {now.tv_sec, subject.reserved, untouched});
  if (!kept) context.log.warning("{}", kept.error().message);
}

/// What is on the scratch disk, looked at as `kdumpctl last` and `kdump-collect verify` do.
Status judge(const Context& context, const Subject& subject, const WorkFolder& work) {
  TRY(run_silently({"debugfs",
                    "-R",
                    fmt::format("rdump {} {}", config::kScratchFolder, work.path("")),
                    work.path("disk")}));
  const SysRoot saved(work.path(""));
  const auto dumps = TRY(saved_dumps(saved, "/crash"));
  if (dumps.empty() || !dumps.back().complete) {
    return make_error(ErrorKind::kNotFound, "there is no complete vmcore on the scratch disk");
  }
  const SavedDump& dump = dumps.back();
  TRY(context.actions.run_collector({"verify", saved.path(dump.vmcore)}, ""));
  const CaptureReport report = report_on(saved, dump);
  for (const std::string& error : report.errors) context.log.warning("the agent: {}", error);
  context.log.info("vmcore of {}: every page of it can be read; {}",
                   format_size(dump.size),
                   report.panic.empty() ? "its panic is not in vmcore-dmesg.txt" : report.panic);
  if (report.lowest_memory_kib && report.memory_kib) {
    context.log.info("memory of the panic kernel: {} of {} free at the lowest, {} reserved",
                     format_size(*report.lowest_memory_kib << 10U),
                     format_size(*report.memory_kib << 10U),
                     format_size(subject.reserved));
    remember(context, subject, *report.lowest_memory_kib << 10U);
  }
  return {};
}

void tell_limits(const Context& context, const Subject& subject, const Qemu& qemu) {
  const Log& log = context.log;
  log.info("Not proved by this test:");
  log.info("- the dump target of kdump.conf, its devices and its network: a scratch disk was used");
  log.info("- this host's firmware, processors and drivers: QEMU's were used");
  log.info("- the dump of this host's memory: the machine had {}",
           format_size(subject.reserved + kOrdinaryMemory));
  if (subject.settings.config.failure_action != config::FailureAction::kReboot ||
      subject.settings.config.final_action != config::FinalAction::kReboot) {
    log.info("- failure_action and final_action: the machine always reboots");
  }
  if (!qemu.hardware) {
    log.info("- the times: the processors were emulated");
  }
}

}  // namespace

Result<int> rehearse(const Context& context, const Wishes& wishes) {
  if (!context.root.is_host()) {
    return make_error(ErrorKind::kUsage, "only the running host's panic kernel can be tried");
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): there is one thread
  const Qemu qemu = TRY(find_qemu(path == nullptr ? "/usr/bin:/bin" : path, wishes.emulate));
  const Subject subject = TRY(choose_subject(context, wishes));
  WorkFolder work = TRY(WorkFolder::create("/var/tmp/kdump-test"));
  if (wishes.keep) work.keep();
  context.log.info("trying {} with {} in {}, {} reserved",
                   subject.kernel.kernel,
                   subject.kernel.image,
                   qemu.hardware ? "QEMU with KVM" : "QEMU without KVM",
                   format_size(subject.reserved));
  context.log.info("command line: {}", escape_control(subject.orders.command_line));
  const QemuFiles files = TRY(prepare(context, subject, work));
  const QemuMemory memory = {.reserved = subject.reserved,
                             .total = subject.reserved + kOrdinaryMemory};
  const auto patience = wishes.patience.count() > 0 ? wishes.patience
                        : qemu.hardware             ? kPatience
                                                    : kPatienceEmulated;
  ConsoleWatch watch;
  auto result = run_machine(
      context, qemu_command(qemu, memory, files), patience, work.path("console"), watch);
  if (result) result = judge(context, subject, work);
  if (!result) {
    work.keep();
    for (const std::string& error : watch.errors()) context.log.error("the agent: {}", error);
    for (const std::string& line : watch.tail()) context.log.info("  | {}", line);
    context.log.error("{}; {} has the console and the disk", result.error().message, work.path(""));
    context.log.error("The test in QEMU has failed");
    return kExitFailed;
  }
  tell_limits(context, subject, qemu);
  context.log.info("The test in QEMU has passed{}",
                   wishes.keep ? "; the dump is in " + work.path("crash") : "");
  return kExitOk;
}

}  // namespace kdump::ctl::rehearsal
