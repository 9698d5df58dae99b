// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {

/// How this host's root reaches an SSH server: what ssh_config(5) makes of its name.
struct SshSettings {
  std::string user;
  std::string host;  ///< what the name stands for
  unsigned port = 22;
  std::string host_key_alias;            ///< "" without one
  std::string proxy;                     ///< the option that asks for one; "" without
  std::vector<std::string> known_hosts;  ///< files, the user's first
  std::string known_hosts_command;       ///< prints such lines, too; "" without
};

/// The output of `ssh -G`. Options that it does not have keep their defaults.
Result<SshSettings> parse_ssh_settings(const config::SshTarget& target, std::string_view output);

/// Asks this host's ssh; in a tree that is not this host, and where there is no ssh, the defaults.
Result<SshSettings> read_ssh_settings(const SysRoot& root, const config::SshTarget& target);

/// The keys that this host's known_hosts have for the server, as lines of a known_hosts file that
/// knows it by these addresses. Hashed names, patterns and ports are understood, revoked keys and
/// certificate authorities left out; a KnownHostsCommand of ssh_config(5) is asked, too. None is
/// kUsage: no key is ever believed unseen.
Result<std::string> pin_host_keys(const SysRoot& root,
                                  const SshSettings& settings,
                                  const std::vector<std::string>& addresses);

/// The key is there, needs no passphrase and no device that somebody touches. kUsage otherwise,
/// with what to do.
Status check_ssh_key(const SysRoot& root, const std::string& key);

}  // namespace kdump::mkdumprd
