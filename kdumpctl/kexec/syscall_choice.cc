// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/syscall_choice.h"

#include "base/io.h"
#include "base/text.h"
#include "kdumpctl/kexec/load_refusal.h"
#include "kdumpctl/kexec/unpack.h"

#include <fmt/format.h>

#include <cerrno>

namespace kdump::kexec {
namespace {

// The kernel's own layout drops entries behind the 128th. For a panic kernel the last ones are the
// reserved memory (arch/x86/kernel/crash.c, add_e820_entry), for a reboot the highest RAM
// (arch/x86/kernel/kexec-bzimage64.c, setup_e820_entries).
constexpr std::size_t kFileLoadRanges = 128;
constexpr std::uint64_t kMaxConfig = std::uint64_t{4} << 20U;  // twenty times what they have

std::optional<std::string> running_config(const SysRoot& root) {
  const auto version = root.read_value("/proc/sys/kernel/osrelease");
  if (!version) return std::nullopt;
  for (const std::string& path :
       {"/boot/config-" + *version, "/lib/modules/" + *version + "/config"}) {
    if (auto text = root.read(path)) return *std::move(text);
  }
  // CONFIG_IKCONFIG_PROC
  const auto packed = root.read("/proc/config.gz");
  const auto text = packed ? unpack(as_bytes(*packed), kMaxConfig) : packed.error();
  if (!text) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(text->data()), text->size());
}

bool has_line(std::string_view text, std::string_view wanted) {
  for (const std::string_view line : split_lines(text)) {
    if (line == wanted) return true;
  }
  return false;
}

// "KEXEC_ARGS has -c", "-c was given"
std::string asked_by(LoadKind kind, std::string_view option) {
  return kind == LoadKind::kPanic ? fmt::format("KEXEC_ARGS has {}", option)
                                  : fmt::format("{} was given", option);
}

}  // namespace

std::string_view to_string(Syscall syscall) {
  return syscall == Syscall::kLoad ? "kexec_load" : "kexec_file_load";
}

SyscallFacts read_syscall_facts(const SysRoot& root, LoadKind kind) {
  SyscallFacts facts;
  const RefusalFacts obstacles = read_refusal_facts(root, kind, Syscall::kLoad);
  facts.lockdown = obstacles.lockdown;
  facts.secure_boot = obstacles.secure_boot;
  facts.loads_left = obstacles.loads_left;
  if (const auto config = running_config(root)) {
    facts.has_load = has_line(*config, "CONFIG_KEXEC=y");
    facts.has_file_load = has_line(*config, "CONFIG_KEXEC_FILE=y");
  }
  return facts;
}

SyscallChoice choose_syscall(SyscallWish wish,
                             const SyscallFacts& facts,
                             const LoadTraits& traits) {
  const bool wants_load = wish == SyscallWish::kLoad;
  const bool wants_file = wish == SyscallWish::kFileLoad;
  if (facts.locked_down()) {
    return {Syscall::kFileLoad,
            Fallback::kNone,
            fmt::format("the kernel is locked down ({}) and takes nothing else", facts.lockdown),
            wants_load};
  }
  if (facts.secure_boot) {
    return {Syscall::kFileLoad, Fallback::kWhenAbsent, "Secure Boot is enabled", wants_load};
  }
  if (facts.has_file_load == false) {
    return {Syscall::kLoad,
            Fallback::kNone,
            "this kernel is built without CONFIG_KEXEC_FILE",
            wants_file};
  }
  if (facts.has_load == false) {
    return {Syscall::kFileLoad,
            Fallback::kNone,
            "this kernel is built without CONFIG_KEXEC",
            wants_load};
  }
  if (traits.hands_on_keys) {
    return {Syscall::kFileLoad,
            Fallback::kNone,
            "the key of the encrypted dump target goes with it",
            wants_load || !traits.only_kexec_load.empty()};
  }
  if (wants_load) {
    return {Syscall::kLoad, Fallback::kNone, asked_by(traits.kind, "-c"), false};
  }
  if (traits.memory_ranges > kFileLoadRanges) {
    return {Syscall::kLoad,
            Fallback::kNone,
            fmt::format("the memory map has {} ranges, and kexec_file_load hands on {} at most",
                        traits.memory_ranges,
                        kFileLoadRanges),
            wants_file};
  }
  if (wants_file && traits.only_kexec_load.empty()) {
    return {Syscall::kFileLoad, Fallback::kWhenAbsent, asked_by(traits.kind, "-s"), false};
  }
  if (wants_file) {
    return {Syscall::kFileLoad,
            Fallback::kWhenAbsent,
            fmt::format("{}, with which nothing comes of this: {}",
                        asked_by(traits.kind, "-s"),
                        traits.only_kexec_load),
            true};
  }
  if (!traits.only_kexec_load.empty()) {
    return {Syscall::kLoad,
            Fallback::kNone,
            fmt::format("{}, which kexec_file_load cannot follow", traits.only_kexec_load),
            false};
  }
  // A second call would be refused for the limit and hide why the first one was.
  const Fallback fallback = facts.loads_left == 1 ? Fallback::kNone : Fallback::kWhenNotForThis;
  return {Syscall::kFileLoad, fallback, "the kernel can check the image's signature then", false};
}

bool falls_back(Fallback fallback, int code) {
  if (fallback == Fallback::kNone) return false;
  if (code == ENOSYS) return true;
  return fallback == Fallback::kWhenNotForThis &&
         (code == EINVAL || code == ENOEXEC || code == EOPNOTSUPP);
}

}  // namespace kdump::kexec
