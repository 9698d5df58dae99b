// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/serial_check.h"

#include "base/byte_reader.h"
#include "kdumpctl/kexec/x86/emitter.h"

#include <bit>
#include <string_view>

namespace kdump::kexec::x86 {
namespace {

constexpr std::string_view kReached = "\r\nkexec: on the way into the panic kernel\r\n";
constexpr std::string_view kChanged =
    "kexec: what was loaded has been overwritten; it is started all the same\r\n";

constexpr std::uint64_t kCodeBytes = 0x82;
constexpr std::uint64_t kReachedAt = kCodeBytes;
constexpr std::uint64_t kChangedAt = kReachedAt + kReached.size() + 1;
constexpr std::uint64_t kTableAt = kChangedAt + kChanged.size() + 1;

// A 16550's line status register, and its bit "transmitter holding register empty".
constexpr std::uint16_t kLineStatus = 5;
constexpr unsigned kTransmitterEmpty = 0x20;

std::uint64_t word_count(const LoadedBytes& loaded) { return loaded.bytes.size() / 8; }

void emit_sums(Emitter& code, PhysAddr address, PhysAddr next) {
  code.bytes({0x49, 0xb8});  // 00  mov    r8, table
  code.value((address + kTableAt).value());
  code.bytes({0x48, 0xbb});  // 0a  mov    rbx, "on the way"
  code.value((address + kReachedAt).value());
  code.bytes({0xe8, 0x44, 0x00, 0x00, 0x00});  // 14  call   5d
  code.bytes({0x49, 0x8b, 0x30});              // 19  mov    rsi, [r8]          ; start
  code.bytes({0x49, 0x8b, 0x48, 0x08});        // 1c  mov    rcx, [r8 + 8]      ; words
  code.bytes({0x48, 0x85, 0xc9});              // 20  test   rcx, rcx
  code.bytes({0x74, 0x2c});                    // 23  jz     51
  code.bytes({0x31, 0xc0});                    // 25  xor    eax, eax
  code.bytes({0x48, 0xd1, 0xc0});              // 27  rol    rax, 1
  code.bytes({0x48, 0x03, 0x06});              // 2a  add    rax, [rsi]
  code.bytes({0x48, 0x83, 0xc6, 0x08});        // 2d  add    rsi, 8
  code.bytes({0x48, 0xff, 0xc9});              // 31  dec    rcx
  code.bytes({0x75, 0xf1});                    // 34  jnz    27
  code.bytes({0x49, 0x3b, 0x40, 0x10});        // 36  cmp    rax, [r8 + 16]     ; sum
  code.bytes({0x74, 0x0f});                    // 3a  je     4b
  code.bytes({0x48, 0xbb});                    // 3c  mov    rbx, "overwritten"
  code.value((address + kChangedAt).value());
  code.bytes({0xe8, 0x12, 0x00, 0x00, 0x00});  // 46  call   5d
  code.bytes({0x49, 0x83, 0xc0, 0x18});        // 4b  add    r8, 24
  code.bytes({0xeb, 0xc8});                    // 4f  jmp    19
  code.bytes({0x48, 0xbb});                    // 51  mov    rbx, next
  code.value(next.value());
  code.bytes({0xff, 0xe3});  // 5b  jmp    rbx
}

// Prints the text at rbx.
void emit_print(Emitter& code, std::uint16_t port) {
  constexpr std::uint32_t kTries = 0x4000;  // 16 ms and more, a character's time at 600 bit/s
  code.bytes({0xba});                       // 5d  mov    edx, line status
  code.value(std::uint32_t{port} + kLineStatus);
  code.bytes({0xb9});  // 62  mov    ecx, tries
  code.value(kTries);
  code.bytes({0xec});                     // 67  in     al, dx
  code.bytes({0xa8, kTransmitterEmpty});  // 68  test   al, empty
  code.bytes({0x75, 0x04});               // 6a  jnz    70
  code.bytes({0xff, 0xc9});               // 6c  dec    ecx
  code.bytes({0x75, 0xf7});               // 6e  jnz    67
  code.bytes({0x8a, 0x03});               // 70  mov    al, [rbx]
  code.bytes({0x84, 0xc0});               // 72  test   al, al
  code.bytes({0x74, 0x0b});               // 74  jz     81
  code.bytes({0xba});                     // 76  mov    edx, port
  code.value(std::uint32_t{port});
  code.bytes({0xee});              // 7b  out    dx, al
  code.bytes({0x48, 0xff, 0xc3});  // 7c  inc    rbx
  code.bytes({0xeb, 0xdc});        // 7f  jmp    5d
  code.bytes({0xc3});              // 81  ret
}

}  // namespace

std::vector<std::byte> build_serial_check(PhysAddr address,
                                          std::uint16_t port,
                                          const std::vector<LoadedBytes>& loaded,
                                          PhysAddr next) {
  Emitter code;
  emit_sums(code, address, next);
  emit_print(code, port);
  code.text(kReached);
  code.text(kChanged);
  for (const LoadedBytes& one : loaded) {
    if (word_count(one) == 0) continue;  // would look like the end
    code.value(one.start.value());
    code.value(word_count(one));
    code.value(rotating_sum(one.bytes));
  }
  for (int i = 0; i < 3; ++i) code.value(std::uint64_t{0});
  return std::move(code).take();
}

std::uint64_t rotating_sum(std::span<const std::byte> bytes) {
  const ByteReader reader(bytes);
  std::uint64_t sum = 0;
  for (std::uint64_t at = 0; at + 8 <= bytes.size(); at += 8) {
    sum = std::rotl(sum, 1) + *reader.read<Le64>(at);
  }
  return sum;
}

}  // namespace kdump::kexec::x86
