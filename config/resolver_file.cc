// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/resolver_file.h"

namespace kdump::config {

std::string resolver_file(const SysRoot& root) {
  constexpr const char* kResolver = "/etc/resolv.conf";
  constexpr const char* kResolvedServers = "/run/systemd/resolve/resolv.conf";
  const bool is_stub = root.resolve(kResolver).value_or("").ends_with("/stub-resolv.conf");
  return is_stub ? kResolvedServers : kResolver;
}

}  // namespace kdump::config
