// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/name_service.h"

#include "base/ip_address.h"

namespace kdump::mkdumprd {
namespace {

constexpr const char* kHosts = "/etc/hosts";
constexpr const char* kResolver = "/etc/resolv.conf";
/// The one that is not the stub's: systemd-resolved.service(8).
constexpr const char* kResolvedServers = "/run/systemd/resolve/resolv.conf";

}  // namespace

std::vector<MadeFile> make_name_service(const SysRoot& root, const std::vector<KnownHost>& hosts) {
  std::string text;
  for (const KnownHost& host : hosts) {
    if (IpAddress::parse(host.name)) continue;
    for (const std::string& address : host.addresses) {
      text += fmt::format("{}\t{}\n", address, host.name);
    }
  }
  // A host may have neither of the two.
  text += root.read(kHosts).value_or(std::string());
  std::vector<MadeFile> files = {{kHosts, text, 0644, "names of the dump targets' servers"}};
  const bool is_stub = root.resolve(kResolver).value_or("").ends_with("/stub-resolv.conf");
  const auto resolver = root.read(is_stub ? kResolvedServers : kResolver);
  if (resolver) files.push_back({kResolver, *resolver, 0644, "the host's resolver, for hooks"});
  return files;
}

}  // namespace kdump::mkdumprd
