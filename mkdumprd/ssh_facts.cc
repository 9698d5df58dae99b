// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/ssh_facts.h"

#include "base/subprocess.h"
#include "base/text.h"
#include "config/quoted_words.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

namespace kdump::mkdumprd {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::uint64_t kHighestPort = 65535;
constexpr unsigned kDefaultPort = 22;
/// root's, who saves the dump.
constexpr std::string_view kHome = "/root";

/// Connects directly; it only fetches the host's key from IPA beforehand (sssd, up to RHEL 9).
constexpr std::string_view kIpaProxy = "sss_ssh_knownhostsproxy";

bool is_direct(std::string_view proxy) {
  const auto words = split_words(proxy);
  return !words.empty() && words[0].substr(words[0].rfind('/') + 1) == kIpaProxy;
}

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
    if (value != "none" && !is_direct(value)) settings.proxy = fmt::format("{} {}", option, value);
  } else if (option == "userknownhostsfile" || option == "globalknownhostsfile") {
    for (const std::string_view file : split_words(value)) {
      if (file != "none") settings.known_hosts.push_back(without_tilde(file));
    }
  } else if (option == "knownhostscommand") {
    settings.known_hosts_command = value == "none" ? "" : value;
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
  bool has_authority = false;  ///< that says which keys are good
};

/// What ssh-keygen finds of a name in a file: comments, and the lines themselves.
void take_found(std::string_view output, HostKeys& keys) {
  for (const std::string_view line : split_lines(output)) {
    const auto words = split_words(line);
    if (words.size() < 3 || words[0].starts_with('#')) continue;
    if (words[0] == "@revoked" && words.size() >= 4) {
      keys.revoked.insert(fmt::format("{} {}", words[2], words[3]));
    } else if (words[0] == "@cert-authority") {
      keys.has_authority = true;
    } else if (!words[0].starts_with('@')) {
      keys.good.insert(fmt::format("{} {}", words[1], words[2]));
    }
  }
}

/// The same of a command's output, which need not be about this name alone; plain names only.
void take_printed(std::string_view output, std::string_view name, HostKeys& keys) {
  for (const std::string_view line : split_lines(output)) {
    const std::size_t first = line.starts_with('@') ? 1 : 0;
    const auto words = split_words(line);
    if (words.size() <= first) continue;
    const auto names = split(words[first], ',');
    if (std::find(names.begin(), names.end(), name) != names.end()) take_found(line, keys);
  }
}

/// ssh_config(5), TOKENS; nothing where one is not known here.
std::optional<std::string> without_tokens(const std::string& word,
                                          const SshSettings& settings,
                                          const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      out += word[i];
      continue;
    }
    if (++i == word.size()) return std::nullopt;
    switch (word[i]) {
      case '%':
        out += '%';
        break;
      case 'H':
        out += name;
        break;
      case 'h':
        out += settings.host;
        break;
      case 'p':
        out += std::to_string(settings.port);
        break;
      case 'r':
        out += settings.user;
        break;
      default:
        return std::nullopt;
    }
  }
  return out;
}

/// As ssh runs it: no shell. A command that fails tells nothing, as it does to ssh.
Status ask_command(const SshSettings& settings, const std::string& name, HostKeys& keys) {
  std::vector<std::string> argv;
  for (const std::string& word : TRY(config::split_quoted_words(settings.known_hosts_command))) {
    auto plain = without_tokens(word, settings, name);
    if (!plain) return {};
    argv.push_back(*std::move(plain));
  }
  if (argv.empty()) return {};
  const auto printed = run_command(argv, kPatience);
  if (printed && printed->status.success()) take_printed(printed->out, name, keys);
  return {};
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
  TRY(ask_command(settings, name, keys));
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
  if (keys.good.empty() && keys.has_authority) {
    return make_error(ErrorKind::kUsage,
                      "{} is known by a certificate authority only, which the capture kernel "
                      "cannot ask. Add the server's own key (its "
                      "/etc/ssh/ssh_host_ed25519_key.pub) for that name to {}",
                      known_name(settings.host, settings.port),
                      settings.known_hosts.front());
  }
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
