// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/target_syntax.h"

#include <array>

namespace kdump::config {

std::optional<std::string> parse_device(std::string_view value) {
  constexpr std::array<std::string_view, 4> kTags = {"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL="};
  if (value.starts_with('/')) return std::string(value);
  for (const std::string_view tag : kTags) {
    if (!value.starts_with(tag)) continue;
    std::string_view name = value.substr(tag.size());
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) {
      name = name.substr(1, name.size() - 2);
    }
    if (name.empty()) return std::nullopt;
    return std::string(tag) + std::string(name);
  }
  return std::nullopt;
}

std::optional<NfsTarget> parse_nfs_target(std::string_view value) {
  const auto colon = value.find(":/");
  // nfs://server/export is a URL, and neither server nor export what it seems.
  if (colon == std::string_view::npos || colon == 0 || value.substr(colon).starts_with("://")) {
    return std::nullopt;
  }
  std::string_view server = value.substr(0, colon);
  if (server.starts_with('[') && server.ends_with(']'))
    server = server.substr(1, server.size() - 2);
  const bool plain = !server.empty() && server.find_first_of("[]@/ \t") == std::string_view::npos;
  if (!plain) return std::nullopt;
  return NfsTarget{std::string(server), std::string(value.substr(colon + 1)), ""};
}

std::optional<SshTarget> parse_ssh_target(std::string_view value) {
  const auto at = value.rfind('@');  // the user's name may hold one (name@domain@host)
  if (at == std::string_view::npos || at == 0 || at + 1 == value.size()) return std::nullopt;
  // A name that begins with '-' would be an option of ssh.
  const bool plain = value.find_first_of(" \t/") == std::string_view::npos && value[0] != '-' &&
                     value[at + 1] != '-';
  if (!plain) return std::nullopt;
  return SshTarget{std::string(value.substr(0, at)), std::string(value.substr(at + 1))};
}

}  // namespace kdump::config
