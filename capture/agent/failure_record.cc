// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/failure_record.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "capture/agent/bounded_call.h"
#include "capture/agent/capture.h"
#include "capture/agent/run_into_log.h"
#include "capture/agent/spill_area.h"
#include "config/failure_record.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::chrono::seconds kPatience{60};
/// A serial line at 115200 baud takes 6 s for it.
constexpr off_t kConsoleLimit = 64 << 10;
/// Loading modules and waiting for a device included.
constexpr std::chrono::seconds kSpillPatience{90};
constexpr std::size_t kSpillRecordLimit = std::size_t{256} << 10U;
constexpr off_t kSpillDmesgLimit = 32 << 20;
/// Non-volatile, for boot services and at run time (UEFI specification, section 8.2).
constexpr std::array<char, config::kEfiAttributesSize> kAttributes = {7, 0, 0, 0};

/// The last `size` bytes, from the beginning of a line on.
std::string_view tail(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  text.remove_prefix(text.size() - size);
  const std::size_t newline = text.find('\n');
  return newline == std::string_view::npos ? text : text.substr(newline + 1);
}

/// efivarfs keeps variables that it does not know from being changed by accident.
void make_mutable(const std::string& path) {
  const auto file = Fd::open(path, O_RDONLY);
  if (!file) return;
  int flags = 0;
  if (::ioctl(file->raw(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags &= ~FS_IMMUTABLE_FL;
  (void)::ioctl(file->raw(), FS_IOC_SETFLAGS, &flags);  // the write says what became of it
}

Status write_efi_variable(const SysRoot& root, std::string_view record) {
  const std::string folder = root.path(config::kEfiVariables);
  const std::string path = folder + "/" + config::kFailureVariable;
  make_mutable(path);
  std::string bytes(kAttributes.begin(), kAttributes.end());
  bytes += record;
  // One write(2) is one call of the firmware.
  const Fd file = TRY(Fd::open(path, O_WRONLY | O_CREAT, 0600));
  return write_all(file.raw(), std::string_view(bytes));
}

void mount_efi_variables(const SysRoot& root) {
  if (!root.is_host() || !root.exists(config::kEfiVariables)) return;
  // Busy: it is mounted. Whatever else is wrong, the variable cannot be written.
  (void)::mount(
      "efivarfs", config::kEfiVariables, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
}

Status write_pmsg(const SysRoot& root, std::string_view record) {
  const Fd device = TRY(Fd::open(root.path(config::kPmsgDevice), O_WRONLY));
  return write_all(device.raw(), record);
}

/// The dead kernel's messages, in memory.
Result<Fd> save_dmesg_in_memory(const SysRoot& root,
                                System& system,
                                AgentLog& log,
                                Deadline deadline) {
  Fd text(::memfd_create("dmesg", MFD_CLOEXEC));
  if (!text.valid()) return system_error(errno, "memfd_create");
  const ProgramEnd end = TRY(run_into_log(
      system,
      log,
      {{config::kImageCollectorPath, "--dump-dmesg", root.path(kVmcorePath), "-"}, text.raw()},
      deadline));
  if (!end.status.success()) return make_error(ErrorKind::kSystem, "{}", end.status.describe());
  return text;
}

/// The last `limit` bytes of a file.
Result<std::string> read_end(const Fd& file, off_t limit) {
  const off_t size = ::lseek(file.raw(), 0, SEEK_END);
  const off_t from = std::max<off_t>(size - limit, 0);
  std::string out(static_cast<std::size_t>(std::max<off_t>(size - from, 0)), '\0');
  TRY(read_exact_at(file.raw(),
                    std::as_writable_bytes(std::span(out.data(), out.size())),
                    static_cast<std::uint64_t>(from)));
  return out;
}

void show(AgentLog& log, std::string_view dmesg) {
  log.info("the last messages of the crashed kernel:");
  log.program_output(dmesg);
  log.end_program_output();
  log.info("end of the messages of the crashed kernel");
}

/// What is left of a capture that saved nothing.
struct Remains {
  std::tm time;
  std::string said;  ///< the agent's messages
  Fd dmesg;          ///< of the crashed kernel; invalid without any
};

Remains gather(const SysRoot& root, System& system, AgentLog& log, Deadline deadline) {
  // Before the crashed kernel's messages are in it, too.
  Remains remains{system.local_time(), log.recorded().value_or(std::string()), Fd()};
  if (!root.exists(kVmcorePath)) return remains;
  auto dmesg = save_dmesg_in_memory(root, system, log, deadline);
  if (dmesg) {
    remains.dmesg = *std::move(dmesg);
  } else {
    log.error("no messages of the crashed kernel: {}", dmesg.error().message);
  }
  return remains;
}

/// In a process of its own: the device may hang, and memory may be what there was too little of.
void spill(const SysRoot& root,
           System& system,
           AgentLog& log,
           const config::CapturePlan& plan,
           const Remains& remains,
           Deadline deadline) {
  const auto left = call_bounded(
      "write the spill area",
      [&]() -> Result<std::string> {
        StepClock steps(system, deadline, -1);
        steps.set_target(plan.targets.size());  // nothing follows
        MemoryWatch memory(root);
        MemoryReserve nothing;
        const std::string record =
            failure_record(remains.time, plan.kernel_release, remains.said, "", kSpillRecordLimit);
        const std::string dmesg =
            remains.dmesg.valid() ? TRY(read_end(remains.dmesg, kSpillDmesgLimit)) : std::string();
        return leave_in_spill_area(
            {plan, root, system, log, steps, memory, nothing}, record, dmesg);
      },
      deadline,
      Overdue::kLeaveRunning);
  if (!left) return log.error("nothing is left in the spill area: {}", left.error().message);
  log.info("the reason and the messages are kept at the head of {}; 'kdumpctl start' fetches them",
           *left);
}

}  // namespace

std::string failure_record(const std::tm& time,
                           std::string_view kernel,
                           std::string_view agent_messages,
                           std::string_view dmesg,
                           std::size_t limit) {
  std::string out = fmt::format("{}{:04}-{:02}-{:02} {:02}:{:02}:{:02}, capture kernel {}\n",
                                config::kFailureHeading,
                                time.tm_year + 1900,
                                time.tm_mon + 1,
                                time.tm_mday,
                                time.tm_hour,
                                time.tm_min,
                                time.tm_sec,
                                kernel);
  constexpr std::string_view kAgent = "--- kdump-agent ---\n";
  constexpr std::string_view kKernel = "--- crashed kernel ---\n";
  const std::size_t fixed = out.size() + kAgent.size() + kKernel.size();
  if (fixed >= limit) return out.substr(0, limit);
  // The reason first: a quarter of the room is always left for it.
  const std::size_t room = limit - fixed;
  const std::string_view reasons =
      tail(agent_messages, std::max(room / 4, room - std::min(room, dmesg.size())));
  out += kAgent;
  out += reasons;
  out += kKernel;
  out += tail(dmesg, room - reasons.size());
  return out;
}

std::vector<std::string> keep_failure_record(const SysRoot& root, std::string_view record) {
  std::vector<std::string> places;
  mount_efi_variables(root);
  if (root.exists(config::kEfiVariables)) {
    constexpr std::size_t kLittle =
        2048;  // firmware that has no room for all of it may have for this
    if (write_efi_variable(root, record.substr(0, config::kFailureVariableLimit)) ||
        write_efi_variable(root, record.substr(0, kLittle))) {
      places.emplace_back("an EFI variable");
    }
  }
  if (root.exists(config::kPmsgDevice) && write_pmsg(root, record)) places.emplace_back("pstore");
  return places;
}

void leave_evidence(const SysRoot& root,
                    System& system,
                    AgentLog& log,
                    const config::CapturePlan& plan,
                    Deadline end) {
  const Deadline deadline = std::min(end, Clock::now() + kPatience);
  const Remains remains = gather(root, system, log, deadline);
  const std::string dmesg = remains.dmesg.valid()
                                ? read_end(remains.dmesg, kConsoleLimit).value_or(std::string())
                                : std::string();
  if (remains.dmesg.valid()) show(log, dmesg);
  if (plan.spill) {
    spill(root, system, log, plan, remains, std::min(end, Clock::now() + kSpillPatience));
  }
  const std::string record = failure_record(
      remains.time, plan.kernel_release, remains.said, dmesg, config::kFailureVariableLimit);
  // Firmware may hang.
  const auto kept = call_bounded(
      "keep the failure record",
      [&]() -> Result<std::string> {
        return fmt::format("{}", fmt::join(keep_failure_record(root, record), " and "));
      },
      std::min(end, Clock::now() + kPatience),
      Overdue::kKill);
  if (!kept) return log.error("{}", kept.error().message);
  if (!kept->empty()) {
    log.info("the reason is kept in {}; 'kdumpctl start' fetches it", *kept);
  } else if (!plan.spill) {
    log.warning("this machine has no place for a failure record; it is on this console only");
  }
}

}  // namespace kdump::agent
