// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/ssh_facts.h"

#include "base/subprocess.h"
#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace kdump::mkdumprd {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::uint64_t kHighestPort = 65535;
constexpr unsigned kDefaultPort = 22;
/// root's, who saves the dump.
constexpr std::string_view kHome = "/root";

std::string without_tilde(std::string_view path) {
  return path.starts_with("~/") ? std::string(kHome) + std::string(path.substr(1))
                                : std::string(path);
}

Status apply(std::string_view option, std::string_view value, SshSettings& settings) {
  if (option == "user") {
    settings.user = value;
  } else if (option == "hostname") {
    settings.host = value;
  } else if (option == "hostkeyalias") {
    settings.host_key_alias = value == "none" ? "" : value;
  } else if (option == "proxyjump" || option == "proxycommand") {
    if (value != "none") settings.proxy = fmt::format("{} {}", option, value);
  } else if (option == "userknownhostsfile" || option == "globalknownhostsfile") {
    for (const std::string_view file : split_words(value)) {
      if (file != "none") settings.known_hosts.push_back(without_tilde(file));
    }
  } else if (option == "port") {
    const auto port = parse_unsigned(value);
    if (!port || *port < 1 || *port > kHighestPort) {
      return make_error(
          ErrorKind::kBadData, "ssh says that the port is \"{}\"", escape_control(value));
    }
    settings.port = static_cast<unsigned>(*port);
  }
  return {};
}

/// As sshd(8) writes a host that is not at the usual port.
std::string known_name(const std::string& host, unsigned port) {
  return port == kDefaultPort ? host : fmt::format("[{}]:{}", host, port);
}

struct HostKeys {
  std::set<std::string> good;  ///< "ssh-ed25519 AAAA..."
  std::set<std::string> revoked;
};

/// What ssh-keygen finds of a name in a file: comments, and the lines themselves.
void take_found(std::string_view output, HostKeys& keys) {
  for (const std::string_view line : split_lines(output)) {
    const auto words = split_words(line);
    if (words.size() < 3 || words[0].starts_with('#')) continue;
    if (words[0] == "@revoked" && words.size() >= 4) {
      keys.revoked.insert(fmt::format("{} {}", words[2], words[3]));
    } else if (!words[0].starts_with('@')) {
      keys.good.insert(fmt::format("{} {}", words[1], words[2]));
    }
  }
}

Result<HostKeys> find_host_keys(const SysRoot& root, const SshSettings& settings) {
  const std::string name = settings.host_key_alias.empty()
                               ? known_name(settings.host, settings.port)
                               : settings.host_key_alias;
  HostKeys keys;
  for (const std::string& file : settings.known_hosts) {
    if (!root.exists(file)) continue;
    const auto found =
        TRY(run_command({"ssh-keygen", "-F", name, "-f", root.path(file)}, kPatience));
    if (found.status.success()) take_found(found.out, keys);
  }
  for (const std::string& key : keys.revoked) keys.good.erase(key);
  return keys;
}

}  // namespace

Result<SshSettings> parse_ssh_settings(const config::SshTarget& target, std::string_view output) {
  SshSettings settings;
  settings.user = target.user;
  settings.host = target.host;
  for (const std::string_view line : split_lines(output)) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    TRY(apply(line.substr(0, blank), trim(line.substr(blank)), settings));
  }
  if (!settings.proxy.empty()) {
    return make_error(ErrorKind::kUnsupported,
                      "ssh reaches {} through another host or program ({}), which the capture "
                      "kernel cannot. Name a server that this host reaches directly",
                      target.host,
                      escape_control(settings.proxy));
  }
  if (settings.known_hosts.empty()) {
    settings.known_hosts = {std::string(kHome) + "/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"};
  }
  return settings;
}

Result<SshSettings> read_ssh_settings(const SysRoot& root, const config::SshTarget& target) {
  if (!root.is_host()) return parse_ssh_settings(target, "");
  const auto output = run_command({"ssh", "-G", "-l", target.user, "--", target.host}, kPatience);
  return parse_ssh_settings(target,
                            output && output->status.success() ? output->out : std::string());
}

Result<std::string> pin_host_keys(const SysRoot& root,
                                  const SshSettings& settings,
                                  const std::vector<std::string>& addresses) {
  const HostKeys keys = TRY(find_host_keys(root, settings));
  if (keys.good.empty()) {
    return make_error(
        ErrorKind::kUsage,
        "The host key of {} is in none of {}. Log in once as root (ssh {}@{}), compare "
        "the key that is shown with the server's, and accept it",
        known_name(settings.host, settings.port),
        fmt::join(settings.known_hosts, ", "),
        settings.user,
        settings.host);
  }
  std::string names;
  for (const std::string& address : addresses) {
    names += (names.empty() ? "" : ",") + known_name(address, settings.port);
  }
  std::string text;
  for (const std::string& key : keys.good) text += fmt::format("{} {}\n", names, key);
  return text;
}

Status check_ssh_key(const SysRoot& root, const std::string& key) {
  if (!root.exists(key)) {
    return make_error(
        ErrorKind::kUsage,
        "The ssh key {} does not exist. 'kdumpctl propagate' makes one and installs it "
        "on the server; or name another with \"sshkey\" in kdump.conf",
        key);
  }
  const auto public_key =
      TRY(run_command({"ssh-keygen", "-y", "-P", "", "-f", root.path(key)}, kPatience));
  if (!public_key.status.success()) {
    return make_error(ErrorKind::kUsage,
                      "The ssh key {} cannot be read without a passphrase, and nobody types one in "
                      "the capture kernel. Make one without (ssh-keygen -N '' -f FILE), install it "
                      "with 'kdumpctl propagate', and name it with \"sshkey\" in kdump.conf",
                      key);
  }
  // Their private part lies in a device that has to be touched.
  if (public_key.out.starts_with("sk-")) {
    return make_error(
        ErrorKind::kUsage,
        "The ssh key {} needs a security key that somebody touches. Make another one "
        "(ssh-keygen -t ed25519 -N '' -f FILE) and name it with \"sshkey\" in kdump.conf",
        key);
  }
  return {};
}

}  // namespace kdump::mkdumprd
