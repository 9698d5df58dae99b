// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/effective_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace kdump::config {
namespace {

using Settings = std::vector<EffectiveSetting>;

/// As split_quoted_words() takes it apart again.
std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\"'\\") == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + quoted(word);
  return out;
}

EffectiveSetting named(std::string name, std::string value) {
  return {std::move(name), std::move(value), {}};
}

EffectiveSetting spelled(const DumpTarget& target) {
  return std::visit(
      [](const auto& t) -> EffectiveSetting {
        using T = std::decay_t<decltype(t)>;
        if constexpr (std::is_same_v<T, FileSystemTarget>) {
          if (t.mount_point.empty()) return named(t.fs_type, t.device);
          return named("dracut_args",
                       fmt::format("--mount \"{} {} {} {}\"",
                                   t.device,
                                   t.mount_point,
                                   t.fs_type,
                                   t.options.empty() ? "defaults" : t.options));
        } else if constexpr (std::is_same_v<T, RawTarget>) {
          return named("raw", t.device);
        } else if constexpr (std::is_same_v<T, NfsTarget>) {
          const bool v6 = t.server.find(':') != std::string::npos;
          return named("nfs",
                       fmt::format("{}:{}", v6 ? "[" + t.server + "]" : t.server, t.export_path));
        } else if constexpr (std::is_same_v<T, SshTarget>) {
          return named("ssh", t.user + "@" + t.host);
        } else if constexpr (std::is_same_v<T, VirtiofsTarget>) {
          return named("virtiofs", t.tag);
        } else {
          return named("", "");
        }
      },
      target);
}

const char* zero_or_one(bool value) { return value ? "1" : "0"; }

Settings all_of(const KdumpConfig& config) {
  Settings out = {spelled(config.target)};
  for (const DumpTarget& target : config.fallback_targets) {
    out.push_back(named("fallback_target", spelling_of(target)));
  }
  const Settings rest = {
      named("path", config.path),
      named("core_collector", joined(config.core_collector)),
      named("keep_dumps", config.keep_dumps == 0 ? "" : std::to_string(config.keep_dumps)),
      named("keep_free", config.keep_free == 0 ? "" : std::to_string(config.keep_free)),
      named("sshkey", config.sshkey),
      named("kdump_pre", config.kdump_pre),
      named("kdump_post", config.kdump_post),
      named("kdump_emergency", config.kdump_emergency),
      named("extra_bins", joined(config.extra_bins)),
      named("extra_modules", joined(config.extra_modules)),
      named("failure_action", to_string(config.failure_action)),
      named("final_action", to_string(config.final_action)),
      named("force_rebuild", zero_or_one(config.force_rebuild)),
      named("force_no_rebuild", zero_or_one(config.force_no_rebuild)),
      named("auto_reset_crashkernel", config.auto_reset_crashkernel ? "yes" : "no"),
      named("fence_kdump_nodes", joined(config.fence_kdump_nodes)),
      named("fence_kdump_args", joined(config.fence_kdump_args)),
      named("dracut_args", joined(config.dracut_args)),
  };
  out.insert(out.end(), rest.begin(), rest.end());
  std::erase_if(out, [](const EffectiveSetting& setting) { return setting.value.empty(); });
  return out;
}

}  // namespace

std::string spelling_of(const DumpTarget& target) {
  const EffectiveSetting setting = spelled(target);
  return setting.name.empty() ? "" : setting.name + " " + setting.value;
}

std::vector<EffectiveSetting> effective_settings(const CheckedConfig& checked) {
  Settings settings = all_of(checked.config);
  std::vector<bool> used(checked.entries.size(), false);
  for (EffectiveSetting& setting : settings) {
    // Several lines may say fallback_target: each stands for one of them.
    for (std::size_t i = 0; i < used.size(); ++i) {
      const ConfEntry& entry = checked.entries[i];
      if (used[i] || setting_of(entry.name) != setting_of(setting.name)) continue;
      used[i] = true;
      setting.source = fmt::format("{}:{}", entry.file, entry.line);
      break;
    }
  }
  for (EffectiveSetting& setting : settings) {
    // The target of dracut_args --mount, of whose line other settings may come, too.
    if (!setting.source.empty() || setting_of(setting.name) != "dump target") continue;
    for (const ConfEntry& entry : checked.entries) {
      if (entry.name == "dracut_args")
        setting.source = fmt::format("{}:{}", entry.file, entry.line);
    }
  }
  return settings;
}

std::vector<EffectiveSetting> effective_settings(const CheckedSysconfig& checked) {
  const Sysconfig& s = checked.settings;
  Settings settings = {
      named("KDUMP_KERNELVER", s.kernel_version),
      named("KDUMP_COMMANDLINE", s.commandline),
      named("KDUMP_COMMANDLINE_REMOVE", fmt::format("{}", fmt::join(s.commandline_remove, " "))),
      named("KDUMP_COMMANDLINE_APPEND", s.commandline_append),
      named("FADUMP_COMMANDLINE_APPEND", s.fadump_commandline_append),
      named("MKDUMPRD_ARGS", joined(s.mkdumprd_args)),
      named("KEXEC_ARGS", joined(s.kexec_args)),
      named("KDUMP_BOOTDIR", s.boot_directory),
      named("KDUMP_IMG", s.image_name),
      named("KDUMP_IMG_EXT", s.image_extension),
      named("VMCORE_CREATION_NOTIFICATION", s.vmcore_creation_notification ? "yes" : "no"),
      named("KDUMP_STDLOGLVL", std::to_string(s.stderr_log_level)),
      named("KDUMP_SYSLOGLVL", std::to_string(s.syslog_level)),
      named("KDUMP_KMSGLOGLVL", std::to_string(s.kmsg_log_level)),
  };
  for (EffectiveSetting& setting : settings) {
    const auto line = checked.lines.find(setting.name);
    if (line == checked.lines.end()) continue;
    setting.source = fmt::format("{}:{}", checked.file, line->second);
  }
  std::erase_if(settings, [](const EffectiveSetting& setting) {
    return setting.value.empty() && setting.source.empty();
  });
  return settings;
}

}  // namespace kdump::config
