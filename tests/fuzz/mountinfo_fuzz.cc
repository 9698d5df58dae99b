// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/self/mountinfo: mount points may be named by any user; what is accepted holds its own
// mounts.
#include "base/mount_table.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT
  const auto table = MountTable::parse(text);
  if (!table) return 0;
  for (const MountPoint& mount : table->mounts()) {
    if (table->containing(mount.mount_point) == nullptr) __builtin_trap();
    if (table->of_source(mount.source) == nullptr) __builtin_trap();
    (void)mount.read_only();
  }
  return 0;
}
