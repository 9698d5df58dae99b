// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/diagnostic.h"
#include "config/kdump_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::config {

/// One directive of kdump.conf(5), without meaning yet.
struct ConfEntry {
  std::string name;
  std::string value;  ///< comment and outer blanks removed; one pair of double quotes around the
                      ///< whole value removed
  int line = 0;
  bool cut_by_hash = false;  ///< a `#` inside a word ended the value: `path /var/crash#1`
  std::string file;          ///< for messages: where it stands
};

/// Lines -> directives. The grammar is kdump-utils': a `#` starts a comment anywhere, no
/// continuation, no includes.
[[nodiscard]] std::vector<ConfEntry> parse_kdump_conf(std::string_view text,
                                                      const std::string& file = "");

/// What a directive sets: its own name, but "dump target" for all that name one and today's name
/// for one that was renamed.
[[nodiscard]] std::string_view setting_of(std::string_view directive);

struct CheckedConfig {
  KdumpConfig config;              ///< meaningful only when there are no errors
  Diagnostics diagnostics;         ///< all of them, by file and line
  std::vector<ConfEntry> entries;  ///< the directives that count
};

/// Text -> settings with every diagnostic. Pure; `file` is only for the diagnostics. All text in
/// the settings is UTF-8 without control characters. Names of RHEL 5 and 6 are understood: mapped
/// with a warning where that is safe, else an error whose remedy is today's spelling.
[[nodiscard]] CheckedConfig check_kdump_conf(std::string_view text, const std::string& file);

/// The same for directives of several files.
[[nodiscard]] CheckedConfig check_kdump_conf_entries(std::vector<ConfEntry> entries);

/// The options that a file may have, old names included.
[[nodiscard]] std::vector<std::string_view> kdump_conf_options();

/// Reads and checks /etc/kdump.conf under `root` and after it /etc/kdump.conf.d/*.conf in the order
/// of their names: what a later file sets takes the place of what the earlier ones say about it.
/// With the checks that need the host (is the ssh key there, does fence_kdump_nodes name this
/// host). An absent kdump.conf is kNotFound with the message that kdump-utils gives.
Result<CheckedConfig> load_kdump_conf(const SysRoot& root,
                                      const std::string& path = "/etc/kdump.conf");

}  // namespace kdump::config
