// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/name_service.h"

#include "base/ip_address.h"
#include "config/resolver_file.h"

namespace kdump::mkdumprd {
namespace {

constexpr const char* kHosts = "/etc/hosts";
constexpr const char* kResolver = "/etc/resolv.conf";

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
  const auto resolver = root.read(config::resolver_file(root));
  if (resolver) files.push_back({kResolver, *resolver, 0644, "the host's resolver, for hooks"});
  return files;
}

}  // namespace kdump::mkdumprd
