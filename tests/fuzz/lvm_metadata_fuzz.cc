// SPDX-License-Identifier: GPL-2.0-or-later
// A physical volume's label, metadata area and text, as a crashed machine's disk can have them.
#include "base/fd.h"
#include "base/io.h"
#include "base/lvm_metadata.h"
#include "tests/support/lvm_builder.h"

#include <cstdint>
#include <string>
#include <sys/mman.h>

namespace {

/// What the device mapper would be told must be in order and without gaps.
void check(const kdump::LvmVolume& volume) {
  std::uint64_t end = 0;
  for (const kdump::LvmSegment& segment : volume.segments) {
    if (segment.start != end || segment.areas.empty()) __builtin_trap();
    if ((segment.areas.size() > 1) != (segment.stripe_size > 0)) __builtin_trap();
    end += segment.length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);  // NOLINT
  for (const char letter : {'L', 'S', 'T'}) {
    if (const auto volume = find_lvm_volume(bytes, test::lvm_uuid(letter))) check(*volume);
  }
  const Fd file(::memfd_create("pv", MFD_CLOEXEC));
  if (!write_all(file.raw(), bytes)) return 0;
  (void)read_lvm_metadata("/proc/self/fd/" + std::to_string(file.raw()));
  return 0;
}
