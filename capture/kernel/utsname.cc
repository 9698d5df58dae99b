// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/utsname.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::size_t kFields = 6;
constexpr std::size_t kReleaseField = 2;
// 9a56493f6942 (5.11) moved the name to the front of struct uts_namespace and exported its offset;
// before, a reference count of 4 bytes (a kref; with refcount debugging 8) stood there.
constexpr std::array<std::uint64_t, 3> kNameOffsets = {4, 0, 8};

std::string_view field(const std::array<char, kFields * Utsname::kFieldSize>& raw, std::size_t i) {
  const char* const start = raw.data() + i * Utsname::kFieldSize;
  return {start, ::strnlen(start, Utsname::kFieldSize - 1)};
}

}  // namespace

FoundUtsname read_utsname(const Vmcoreinfo& info, const KernelMemory& memory) {
  FoundUtsname found;
  const auto base = info.symbol("init_uts_ns");
  const auto release = info.text("OSRELEASE");
  if (!base || !release) return found;
  std::array<std::uint64_t, kNameOffsets.size() + 1> offsets{};
  std::copy(kNameOffsets.begin(), kNameOffsets.end(), offsets.begin() + 1);
  offsets[0] = info.offset("uts_namespace.name").value_or(kNameOffsets[0]);
  for (const std::uint64_t offset : offsets) {
    std::array<char, kFields * Utsname::kFieldSize> raw{};
    if (!memory.read(*base + offset, std::as_writable_bytes(std::span(raw)))) continue;
    found.identity = Identity::kContradicted;
    if (field(raw, kReleaseField) != *release) continue;
    const auto text = [&raw](std::size_t i) { return std::string(field(raw, i)); };
    return {Identity::kConfirmed, {text(0), text(1), text(2), text(3), text(4), text(5)}};
  }
  return found;
}

Utsname fallback_utsname(const Vmcoreinfo& info, std::uint16_t elf_machine) {
  Utsname name;
  name.sysname = "Linux";
  name.release = std::string(info.text("OSRELEASE").value_or(""));
  switch (elf_machine) {
    case EM_X86_64:
      name.machine = "x86_64";
      break;
    case EM_AARCH64:
      name.machine = "aarch64";
      break;
    default:
      break;
  }
  return name;
}

}  // namespace kdump::capture
