// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/initrd.h"

#include "base/io.h"
#include "kdumpctl/kexec/compressed_payload.h"

#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace kdump::kexec {
namespace {

constexpr std::size_t kMaxInitrdSize = std::size_t{2} << 30U;

// Documentation/driver-api/early-userspace/buffer-format.rst: newc archives, the kernel's
// decompressors' formats, and zero bytes in between. The kernel does not know lz4's newer frames.
bool begins_like_initrd(std::span<const std::byte> bytes) {
  const auto begins_with = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
  };
  return begins_with("070701") || begins_with("070702") || !compression_of(bytes).empty();
}

}  // namespace

Result<std::vector<std::byte>> read_initrd(const std::vector<std::string>& paths) {
  std::vector<std::byte> all;
  for (const std::string& path : paths) {
    std::vector<std::byte> bytes = TRY(read_bytes(path, kMaxInitrdSize));
    if (!begins_like_initrd(bytes)) {
      return make_error(ErrorKind::kBadData,
                        "{}: {}; build the image again",
                        path,
                        bytes.empty() ? "the file is empty"
                                      : "neither a cpio archive nor compressed in a way that the "
                                        "kernel can unpack");
    }
    if (all.empty()) {
      all = std::move(bytes);
    } else {
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    all.resize((all.size() + 3) / 4 * 4);
  }
  if (all.empty()) {
    return make_error(ErrorKind::kUsage, "no initrd given: a panic kernel needs one");
  }
  return all;
}

}  // namespace kdump::kexec
