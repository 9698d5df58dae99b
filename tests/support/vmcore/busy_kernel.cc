// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/busy_kernel.h"

#include <random>

namespace kdump::capture::test {

ToyKernel busy_kernel(const std::string& era) {
  constexpr std::uint64_t kFirst = 0x9000;
  constexpr std::uint64_t kNoise = 0x9a80;
  constexpr std::uint64_t kEnd = 0x9b00;
  ToyKernel::Options options;
  options.era = era;
  options.memory = {{0x2000000, 0x4800000}, {0x8f00000, 0xa000000}};
  ToyKernel kernel(options);
  kernel.make_free(kFirst, 10);
  kernel.make_anonymous(0x9400, 9);
  kernel.make_cache(0x9600, 2);
  kernel.make_hugetlb(0x9800, 9);
  kernel.make_slab(0x9a00, 3);
  std::mt19937_64 random(5);
  for (std::uint64_t pfn = kFirst; pfn < kEnd; ++pfn) {
    for (std::uint64_t i = 0; i < ToyKernel::kPage; i += pfn < kNoise ? 512 : 8) {
      kernel.memory().put(PhysAddr(pfn * ToyKernel::kPage + i), random());
    }
  }
  return kernel;
}

}  // namespace kdump::capture::test
