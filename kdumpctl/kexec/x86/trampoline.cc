// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/trampoline.h"

#include "kdumpctl/kexec/x86/emitter.h"

#include <array>
#include <cstdint>

namespace kdump::kexec::x86 {
namespace {

constexpr std::uint64_t kPage = 4096;

// 0x00 and 0x08 are unused. Both others are flat with 4 KiB granularity; 0xa is L (64-bit code),
// 0xc is D (32-bit default, which data segments carry).
constexpr std::array<std::uint64_t, 4> kGdt = {
    0,
    0,
    0x00af9b000000ffff,  // 0x10: code, execute and read, accessed
    0x00cf93000000ffff,  // 0x18: data, read and write, accessed
};
constexpr std::uint64_t kGdtBytes = kGdt.size() * sizeof(std::uint64_t);

void emit_copy(Emitter& code, PhysAddr backup) {
  static_assert(kLowMemory.start == 0);
  code.bytes({0x31, 0xf6});  // 35  xor    esi, esi
  code.bytes({0x48, 0xbf});  // 37  mov    rdi, backup
  code.value(backup.value());
  code.bytes({0xb9});  // 41  mov    ecx, words
  code.value(static_cast<std::uint32_t>(kLowMemory.size() / 8));
  code.bytes({0xf3, 0x48, 0xa5});  // 46  rep movsq
}

}  // namespace

std::vector<std::byte> build_trampoline(PhysAddr address,
                                        PhysAddr boot_params,
                                        PhysAddr kernel_entry,
                                        const std::optional<SerialOutput>& serial,
                                        std::optional<PhysAddr> backup) {
  // The GDT and the operand of lgdt (limit and address) stand behind the code, at fixed places.
  constexpr std::uint64_t kGdtAt = 0x60;
  constexpr std::uint64_t kGdtPointerAt = kGdtAt + kGdtBytes;
  constexpr std::uint64_t kLeaEnd = 0x31;
  constexpr std::uint64_t kEnterKernel = 0x35;
  constexpr std::uint64_t kSerialCheckAt = 0x90;
  const std::uint64_t target = serial ? kSerialCheckAt : kEnterKernel;

  Emitter code;
  code.bytes({0xfa});        // 00  cli
  code.bytes({0xfc});        // 01  cld
  code.bytes({0x48, 0xb8});  // 02  mov    rax, gdt_pointer
  code.value((address + kGdtPointerAt).value());
  code.bytes({0x0f, 0x01, 0x10});  // 0c  lgdt   [rax]
  code.bytes({0xb8});              // 0f  mov    eax, 0x18
  code.value(std::uint32_t{0x18});
  code.bytes({0x8e, 0xd8});  // 14  mov    ds, eax
  code.bytes({0x8e, 0xc0});  // 16  mov    es, eax
  code.bytes({0x8e, 0xd0});  // 18  mov    ss, eax
  code.bytes({0x8e, 0xe0});  // 1a  mov    fs, eax
  code.bytes({0x8e, 0xe8});  // 1c  mov    gs, eax
  code.bytes({0x48, 0xbc});  // 1e  mov    rsp, end of this page
  code.value((address + kPage).value());
  code.bytes({0x6a, 0x10});        // 28  push   0x10
  code.bytes({0x48, 0x8d, 0x05});  // 2a  lea    rax, [rip + 4], or further to the check
  code.value(static_cast<std::uint32_t>(target - kLeaEnd));
  code.bytes({0x50});        // 31  push   rax
  code.bytes({0x48, 0xcb});  // 32  retfq             ; cs = 0x10
  code.bytes({0x90});        // 34  nop
  if (backup) emit_copy(code, *backup);
  code.bytes({0x48, 0xbe});  // 35 or 49  mov    rsi, boot_params
  code.value(boot_params.value());
  code.bytes({0x48, 0xb8});  // 3f or 53  mov    rax, kernel_entry
  code.value(kernel_entry.value());
  code.bytes({0xff, 0xe0});  // 49 or 5d  jmp    rax
  code.pad_to(kGdtAt);
  for (const std::uint64_t descriptor : kGdt) code.value(descriptor);
  code.value(static_cast<std::uint16_t>(kGdtBytes - 1));
  code.value((address + kGdtAt).value());
  if (serial) {
    code.pad_to(kSerialCheckAt);
    code.append(build_serial_check(
        address + kSerialCheckAt, serial->port, serial->loaded, address + kEnterKernel));
  }
  return std::move(code).take();
}

}  // namespace kdump::kexec::x86
