// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/iomem, and a panic kernel for whatever machine it describes.
#include "kdumpctl/kexec/load_plan.h"
#include "tests/support/kexec_host.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  static const kexec::KernelImage kernel = test::test_kernel();
  static const std::vector<std::byte> initrd = test::test_bytes(100000);
  kexec::HostFacts host = test::bios_host();
  auto memory = kexec::MemoryMap::parse({reinterpret_cast<const char*>(data), size});
  if (!memory) return 0;
  host.memory = *std::move(memory);
  const auto plan = kexec::plan_crash_load(
      {.kernel = kernel, .initrd = initrd, .command_line = "quiet", .rng_seed = {}}, host);
  // The planner's own check passes, and nothing lies outside the reservation.
  if (plan && !kexec::check_segments(*plan)) __builtin_trap();
  for (const kexec::Segment& segment : plan ? plan->segments : std::vector<kexec::Segment>()) {
    const std::uint64_t start = segment.address.value();
    if (!host.memory.crash_region()->contains(Range{start, start + segment.memory_size})) {
      __builtin_trap();
    }
  }
  return 0;
}
