// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/arm64/trampoline.h"

#include "base/packed_int.h"

#include <cstdint>
#include <cstring>

namespace kdump::kexec::arm64 {
namespace {

struct Code {
  Le32 load_entry{0x580000c4};  // 00  ldr x4, 18
  Le32 load_tree{0x580000e0};   // 04  ldr x0, 20
  Le32 clear_x1{0xaa1f03e1};    // 08  mov x1, xzr
  Le32 clear_x2{0xaa1f03e2};    // 0c  mov x2, xzr
  Le32 clear_x3{0xaa1f03e3};    // 10  mov x3, xzr
  Le32 jump{0xd61f0080};        // 14  br  x4
  Le64 entry;                   // 18
  Le64 tree;                    // 20
};
static_assert(sizeof(Code) == 0x28);

}  // namespace

std::vector<std::byte> build_trampoline(PhysAddr device_tree, PhysAddr kernel_entry) {
  Code code;
  code.entry = kernel_entry.value();
  code.tree = device_tree.value();
  std::vector<std::byte> bytes(sizeof(code));
  std::memcpy(bytes.data(), &code, sizeof(code));
  return bytes;
}

}  // namespace kdump::kexec::arm64
