// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kexec_load.h"

#include "base/text.h"
#include "kdumpctl/kexec/kernel_attributes.h"
#include "kdumpctl/kexec/load_refusal.h"

#include <cerrno>
#include <chrono>
#include <linux/kexec.h>
#include <string_view>
#include <sys/random.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace kdump::kexec {
namespace {

// Both flags that mean "rewrite the elfcorehdr yourself on hotplug" are taken by x86 from the
// kernel on that has the other one; this one (Linux 6.6, a72bbec70da2) is taken by all of them.
// Spelled out because older kernel headers do not have it.
constexpr unsigned long kUpdateElfcorehdr = 0x4;

constexpr int kBusyTries = 5;
constexpr std::chrono::milliseconds kBusyPause{200};

// errno of the call, 0 on success. A load in progress elsewhere ends soon.
template <typename Call>
int call_while_busy(Call call) {
  for (int attempt = 1;; ++attempt) {
    if (call() == 0) return 0;
    if (errno != EBUSY || attempt == kBusyTries) return errno;
    std::this_thread::sleep_for(kBusyPause);
  }
}

int kexec_load(const LoadPlan& plan) {
  std::vector<struct kexec_segment> segments;
  for (const Segment& segment : plan.segments) {
    segments.push_back({.buf = segment.bytes.data(),
                        .bufsz = segment.bytes.size(),
                        .mem = reinterpret_cast<const void*>(segment.address.value()),
                        .memsz = segment.memory_size});
  }
  unsigned long flags = KEXEC_ON_CRASH;
  flags |= plan.machine == Machine::kArm64 ? KEXEC_ARCH_AARCH64 : KEXEC_ARCH_X86_64;
  if (plan.hotplug) flags |= kUpdateElfcorehdr;
  return call_while_busy([&] {
    return ::syscall(SYS_kexec_load, plan.entry.value(), segments.size(), segments.data(), flags);
  });
}

int kexec_unload() {
  // The file call first: under lockdown kexec_load may not even unload.
  const int code = call_while_busy([] {
    return ::syscall(
        SYS_kexec_file_load, -1, -1, 0UL, nullptr, KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH);
  });
  if (code != ENOSYS) return code;
  return call_while_busy(
      [] { return ::syscall(SYS_kexec_load, 0UL, 0UL, nullptr, KEXEC_ON_CRASH); });
}

Status must_be_host(const SysRoot& root) {
  if (root.is_host()) return {};
  return make_error(ErrorKind::kUsage,
                    "a panic kernel is loaded on the running host only, not for {}",
                    root.prefix());
}

// What became of the panic kernel that was there before; for the end of an error message.
std::string_view state_after_failure(bool before, const SysRoot& root) {
  const auto after = crash_loaded(root);
  if (!after) return "whether a panic kernel is still loaded cannot be read";
  if (*after) return "the panic kernel that was loaded before is still loaded";
  return before ? "the panic kernel that was loaded before is gone: the host is not protected"
                : "no panic kernel is loaded";
}

}  // namespace

Status load_crash(const LoadPlan& plan, const SysRoot& root) {
  TRY(must_be_host(root));
  TRY(check_segments(plan));
  const bool before = TRY(crash_loaded(root));
  if (const int code = kexec_load(plan); code != 0) {
    Error error = explain_refusal(code, "cannot load the panic kernel", read_refusal_facts(root));
    error.message += fmt::format(" ({})", state_after_failure(before, root));
    return error;
  }
  if (!TRY(crash_loaded(root))) {
    return make_error(ErrorKind::kSystem,
                      "the kernel accepted the panic kernel but says that none is loaded: another "
                      "program must have unloaded it; try again");
  }
  return {};
}

Status unload_crash(const SysRoot& root) {
  TRY(must_be_host(root));
  if (!TRY(crash_loaded(root))) return {};
  if (const int code = kexec_unload(); code != 0) {
    Error error = explain_refusal(code, "cannot unload the panic kernel", read_refusal_facts(root));
    error.message += fmt::format(" ({})", state_after_failure(true, root));
    return error;
  }
  return {};
}

Result<bool> crash_loaded(const SysRoot& root) {
  return TRY(read_kexec_attribute(root, KexecAttribute::kCrashLoaded)) == "1";
}

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
  std::vector<std::byte> seed(32);
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
