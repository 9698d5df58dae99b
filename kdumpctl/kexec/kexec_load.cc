// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kexec_load.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "kdumpctl/kexec/kernel_attributes.h"
#include "kdumpctl/kexec/load_refusal.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <linux/kexec.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/random.h>
#include <thread>

namespace kdump::kexec {
namespace {

// Both flags that mean "rewrite the elfcorehdr yourself on hotplug" are taken by x86 from the
// kernel on that has the other one; this one (Linux 6.6, a72bbec70da2) is taken by all of them.
// Spelled out because older kernel headers do not have it.
constexpr unsigned long kUpdateElfcorehdr = 0x4;

// KEXEC_FILE_DEBUG, Linux 6.8 (cbc2fe9d9cb2).
constexpr unsigned long kFileDebug = 0x8;

// 256 bits make the next kernel's random generator ready at once; arm64 takes 64 more for its
// address randomisation.
constexpr std::size_t kSeedBytes = 40;

constexpr int kBusyTries = 5;
constexpr std::chrono::milliseconds kBusyPause{200};

// A load in progress elsewhere ends soon.
template <typename Call>
int call_while_busy(Call call) {
  for (int attempt = 1;; ++attempt) {
    const int code = call();
    if (code != EBUSY || attempt == kBusyTries) return code;
    std::this_thread::sleep_for(kBusyPause);
  }
}

std::string_view name_of(LoadKind kind) {
  return kind == LoadKind::kPanic ? "panic kernel" : "kernel to reboot into";
}

Result<Fd> open_source(const FileSource& source) {
  if (source.bytes.empty()) return Fd::open(source.path, O_RDONLY);
  Fd memory(::memfd_create("kexec", MFD_CLOEXEC));
  if (!memory.valid()) return system_error(errno, "cannot make a file in memory");
  TRY(write_all(memory.raw(), source.bytes));
  return memory;
}

// A kernel that finds a writer of either file refuses it (ETXTBSY), but only when it has freed what
// was loaded. A lease is granted under the same condition; file systems without leases leave the
// question to the kernel.
Status check_has_no_writer(const Fd& file, const FileSource& source) {
  if (!source.bytes.empty()) return {};
  const int code = call_while_busy([&] {
    if (::fcntl(file.raw(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? EBUSY : 0;
    ::fcntl(file.raw(), F_SETLEASE, F_UNLCK);
    return 0;
  });
  if (code == 0) return {};
  return make_error(ErrorKind::kSystem,
                    "{}: another program has it open for writing, and the kernel would refuse it; "
                    "try again when that has ended",
                    source.path);
}

// What became of the kernel that was there before; for the end of an error message.
std::string state_after_failure(LoadKind kind, bool before, const SysRoot& root) {
  const std::string_view name = name_of(kind);
  const auto after = is_loaded(kind, root);
  if (!after) return fmt::format("whether a {} is still loaded cannot be read", name);
  if (*after) return fmt::format("the {} that was loaded before is still loaded", name);
  if (!before) return fmt::format("no {} is loaded", name);
  return fmt::format("the {} that was loaded before is gone", name);
}

}  // namespace

// Common to both calls: the state before and after, and what a failure means.
template <typename Call>
Status Loader::finish(LoadKind kind, Syscall syscall, Call call) {
  const bool before = TRY(is_loaded(kind, root_));
  if (const int code = call_while_busy(call); code != 0) {
    Error error = explain_refusal(
        code,
        fmt::format("cannot load the {} with {}", name_of(kind), to_string(syscall)),
        read_refusal_facts(root_, kind, syscall));
    error.message += fmt::format(" ({})", state_after_failure(kind, before, root_));
    return error;
  }
  if (!TRY(is_loaded(kind, root_))) {
    return make_error(ErrorKind::kSystem,
                      "the kernel accepted the {} but says that none is loaded: another program "
                      "must have unloaded it; try again",
                      name_of(kind));
  }
  return {};
}

Status Loader::load(const LoadPlan& plan) {
  TRY(calls_.check_serves(root_));
  TRY(check_segments(plan));
  TRY(check_loadable(plan));
  unsigned long flags = plan.machine == Machine::kArm64 ? KEXEC_ARCH_AARCH64 : KEXEC_ARCH_X86_64;
  if (plan.kind == LoadKind::kPanic) flags |= KEXEC_ON_CRASH;
  if (plan.hotplug) flags |= kUpdateElfcorehdr;
  return finish(
      plan.kind, Syscall::kLoad, [&] { return calls_.load(plan.entry, plan.segments, flags); });
}

Status Loader::load(const FileLoadPlan& plan) {
  TRY(calls_.check_serves(root_));
  const Fd kernel = TRY(open_source(plan.kernel));
  Fd initrd;
  TRY(check_has_no_writer(kernel, plan.kernel));
  if (plan.initrd) {
    initrd = TRY(open_source(*plan.initrd));
    TRY(check_has_no_writer(initrd, *plan.initrd));
  }
  unsigned long flags = plan.kind == LoadKind::kPanic ? KEXEC_FILE_ON_CRASH : 0UL;
  if (!plan.initrd) flags |= KEXEC_FILE_NO_INITRAMFS;
  return finish(plan.kind, Syscall::kFileLoad, [&] {
    const auto call = [&](unsigned long wanted) {
      return calls_.load_files(kernel.raw(), initrd.raw(), plan.command_line, wanted);
    };
    if (!plan.debug) return call(flags);
    const int code = call(flags | kFileDebug);
    // A kernel that does not know the flag refuses before it touches anything.
    return code == EINVAL ? call(flags) : code;
  });
}

Status Loader::unload(LoadKind kind) {
  TRY(calls_.check_serves(root_));
  if (!TRY(is_loaded(kind, root_))) return {};
  const bool panic = kind == LoadKind::kPanic;
  // The file call first: under lockdown kexec_load may not even unload.
  Syscall syscall = Syscall::kFileLoad;
  int code = call_while_busy([&] {
    return calls_.load_files(-1, -1, {}, KEXEC_FILE_UNLOAD | (panic ? KEXEC_FILE_ON_CRASH : 0UL));
  });
  if (code == ENOSYS) {
    syscall = Syscall::kLoad;
    code =
        call_while_busy([&] { return calls_.load(PhysAddr(0), {}, panic ? KEXEC_ON_CRASH : 0UL); });
  }
  if (code == 0) return {};
  Error error = explain_refusal(code,
                                fmt::format("cannot unload the {}", name_of(kind)),
                                read_refusal_facts(root_, kind, syscall));
  error.message += fmt::format(" ({})", state_after_failure(kind, true, root_));
  return error;
}

Result<bool> is_loaded(LoadKind kind, const SysRoot& root) {
  const auto attribute =
      kind == LoadKind::kPanic ? KexecAttribute::kCrashLoaded : KexecAttribute::kLoaded;
  const auto value = read_kexec_attribute(root, attribute);
  if (value) return *value == "1";
  if (value.error().kind != ErrorKind::kNotFound) return value.error();
  return make_error(
      ErrorKind::kNotFound,
      "the running kernel is built without kexec (CONFIG_KEXEC, CONFIG_KEXEC_FILE), or "
      "/sys is not mounted: {}",
      value.error().message);
}

Result<bool> crash_loaded(const SysRoot& root) { return is_loaded(LoadKind::kPanic, root); }

Result<std::uint64_t> crash_size(const SysRoot& root) {
  const std::string text = TRY(read_kexec_attribute(root, KexecAttribute::kCrashSize));
  const auto size = parse_unsigned(text);
  if (!size) {
    return make_error(
        ErrorKind::kBadData, "kexec_crash_size: \"{}\" is not a number", escape_control(text));
  }
  return *size;
}

Result<std::vector<std::byte>> random_seed() {
  std::vector<std::byte> seed(kSeedBytes);
  std::size_t filled = 0;
  while (filled < seed.size()) {
    const ssize_t got = ::getrandom(seed.data() + filled, seed.size() - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot get random bytes");
    filled += static_cast<std::size_t>(got);
  }
  return seed;
}

}  // namespace kdump::kexec
