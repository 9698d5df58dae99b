// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/ssh_target.h"

#include "mkdumprd/ssh_facts.h"

#include <array>

namespace kdump::mkdumprd {
namespace {

constexpr mode_t kSecretMode = 0600;
/// ssh_config(5): what decides about the server's name, port and keys.
constexpr std::array<const char*, 2> kSshConfigurations = {"/root/.ssh/config",
                                                           "/etc/ssh/ssh_config"};

}  // namespace

Result<SshPlan> plan_ssh(const SysRoot& root,
                         HostNetwork& network,
                         const config::SshTarget& target,
                         const config::KdumpConfig& config,
                         std::size_t number) {
  TRY(check_ssh_key(root, config.sshkey));
  const SshSettings settings = TRY(read_ssh_settings(root, target));
  const std::vector<IpAddress> addresses = TRY(network.resolve(settings.host));
  SshPlan plan;
  plan.network = TRY(plan_network(root, network, settings.host, addresses));
  const std::string folder = fmt::format("/etc/kdump/ssh-{}/", number);
  plan.ssh = {target.host,
              plan.network.addresses,
              settings.port,
              settings.user,
              folder + "key",
              folder + "known_hosts",
              config.path};
  const std::string server = target.user + "@" + target.host;
  plan.files = {{TRY(root.resolve(config.sshkey)),
                 plan.ssh.key,
                 kSecretMode,
                 "SECRET: the key that opens " + server}};
  plan.made_files = {{plan.ssh.known_hosts,
                      TRY(pin_host_keys(root, settings, plan.network.addresses)),
                      kSecretMode,
                      "the keys that " + server + " must show"}};
  plan.sources = settings.known_hosts;
  plan.sources.insert(plan.sources.end(), kSshConfigurations.begin(), kSshConfigurations.end());
  return plan;
}

}  // namespace kdump::mkdumprd
