// SPDX-License-Identifier: GPL-2.0-or-later
// A physical volume's label, metadata area and text, as a crashed machine's disk can have them.
#include "base/fd.h"
#include "base/io.h"
#include "base/lvm_metadata.h"
#include "base/thin_pool.h"
#include "tests/support/lvm_builder.h"

#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace {

/// What the device mapper would be told must be in order and without gaps.
void check(const std::vector<kdump::LvmSegment>& segments) {
  std::uint64_t end = 0;
  for (const kdump::LvmSegment& segment : segments) {
    if (segment.start != end || segment.areas.empty()) __builtin_trap();
    if ((segment.areas.size() > 1) != (segment.stripe_size > 0)) __builtin_trap();
    end += segment.length;
  }
  if (end != kdump::length_of(segments)) __builtin_trap();
}

void check(const kdump::LvmVolume& volume) {
  if (volume.thin.has_value() != volume.segments.empty()) __builtin_trap();
  check(volume.segments);
  if (!volume.thin) return;
  if (volume.thin->chunk_size == 0 || volume.thin->length == 0) __builtin_trap();
  check(volume.thin->data.segments);
  check(volume.thin->metadata.segments);
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
  const std::string path = "/proc/self/fd/" + std::to_string(file.raw());
  (void)read_lvm_metadata(path);
  if (const auto pool = read_thin_pool(path)) (void)pool->free_bytes();
  return 0;
}
