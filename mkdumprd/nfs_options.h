// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// nfs(5) options as far as they matter for a mount of the capture kernel's own.
struct NfsOptions {
  std::vector<std::string> versions;  ///< the one that is named, else all that may be tried
  std::uint64_t mount_flags = 0;
  std::string text;     ///< for mount(2), without version, addresses and protocol family
  std::string address;  ///< addr= of a mount that the running system made; ""
};

enum class NfsOptionSource {
  kAdministrator,  ///< all that the kernel understands is kept
  kRunningSystem,  ///< what mountinfo shows: only what the server asks for (port, sec)
};

/// Words of mount.nfs(8) alone (bg, retry= ...) are dropped. Without timeo, retrans, hard or soft
/// the mount gives up after five minutes without an answer. kUnsupported for Kerberos (needs a
/// daemon and keys) and RDMA.
Result<NfsOptions> compile_nfs_options(const std::string& options, NfsOptionSource source);

}  // namespace kdump::mkdumprd
