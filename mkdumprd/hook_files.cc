// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/hook_files.h"

#include "base/io.h"
#include "base/text.h"
#include "mkdumprd/host_path.h"

#include <algorithm>
#include <array>
#include <set>
#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

constexpr std::size_t kLongestScript = std::size_t{1} << 20U;
constexpr std::size_t kMostNamed = 64;

bool is_executable(const SysRoot& root, const std::string& path) {
  struct stat status {};
  const auto file = root.resolve(path);
  return file && ::stat(root.path(*file).c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111U) != 0;
}

bool is_part_of_name(char c) {
  constexpr std::string_view kOthers = "/._+-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

std::string_view without_comment(std::string_view line) {
  const std::string_view text = trim(line);
  return text.starts_with('#') ? std::string_view() : text;
}

/// Its own place, and for a script the programs that it names.
Status add_program(const SysRoot& root,
                   const std::string& path,
                   const std::string& reason,
                   HookFiles& out) {
  out.programs.push_back({path, reason});
  const std::string file = TRY(root.resolve(path));
  const auto text = read_file(root.path(file), kLongestScript);
  if (!text || !text->starts_with("#!")) return {};  // a program, which names nothing readable
  for (const std::string& name : programs_named_in(root, *text)) {
    out.programs.push_back({name, "named in " + path});
  }
  return {};
}

Status add_single(const SysRoot& root,
                  const std::string& option,
                  const std::string& path,
                  std::vector<config::PlannedHook>& hooks,
                  HookFiles& out) {
  if (path.empty()) return {};
  if (!is_executable(root, path)) {
    return make_error(ErrorKind::kUsage,
                      "{} {} in kdump.conf {}",
                      option,
                      escape_control(path),
                      root.exists(path) ? "is not an executable file. Make it one (chmod +x)"
                                        : "does not exist. Create it, or remove the line");
  }
  TRY(add_program(root, path, option, out));
  hooks.push_back({path, option == "kdump_pre"});
  return {};
}

Status add_folder(const SysRoot& root,
                  const std::string& folder,
                  std::vector<config::PlannedHook>& hooks,
                  HookFiles& out) {
  const auto names = root.list(folder);
  if (!names && names.error().kind == ErrorKind::kNotFound) return {};
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::string path = join(folder, name);
    if (root.is_directory(path)) continue;
    if (!is_executable(root, path)) {
      out.warnings.push_back(
          fmt::format("{} is not executable and is left out", escape_control(path)));
      continue;
    }
    TRY(add_program(root, path, "in " + folder, out));
    hooks.push_back({path, false});
  }
  return {};
}

}  // namespace

std::vector<std::string> programs_named_in(const SysRoot& root, std::string_view script) {
  std::set<std::string> words;
  for (const std::string_view line : split_lines(script)) {
    const std::string_view text = without_comment(line);
    for (std::size_t at = 0; at < text.size();) {
      if (!is_part_of_name(text[at])) {
        ++at;
        continue;
      }
      const std::size_t begin = at;
      while (at < text.size() && is_part_of_name(text[at])) ++at;
      words.emplace(text.substr(begin, at - begin));
    }
  }
  std::vector<std::string> found;
  for (const std::string& word : words) {
    if (found.size() == kMostNamed) break;
    if (word.find('/') != std::string::npos) {
      if (word.starts_with('/') && is_executable(root, word)) found.push_back(word);
    } else if (const auto host = find_program(root, {word, ""});
               host && is_executable(root, host->file)) {
      found.push_back(word);
    }
  }
  return found;
}

Result<HookFiles> find_hooks(const SysRoot& root, const config::KdumpConfig& config) {
  HookFiles out;
  config::PlannedHooks hooks;
  TRY(add_single(root, "kdump_pre", config.kdump_pre, hooks.pre, out));
  TRY(add_folder(root, "/etc/kdump/pre.d", hooks.pre, out));
  TRY(add_folder(root, "/etc/kdump/post.d", hooks.post, out));
  TRY(add_single(root, "kdump_post", config.kdump_post, hooks.post, out));
  TRY(add_folder(root, "/etc/kdump/emergency.d", hooks.emergency, out));
  TRY(add_single(root, "kdump_emergency", config.kdump_emergency, hooks.emergency, out));
  out.hooks = std::move(hooks);
  return out;
}

Result<std::vector<WantedProgram>> shell_programs(const SysRoot& root) {
  constexpr std::array<std::string_view, 20> kTools = {
      "cat",   "chmod", "cp", "dd", "df", "dmesg", "grep", "head", "ls",     "lsblk",
      "mkdir", "mount", "mv", "ps", "rm", "sleep", "sync", "tail", "umount", "vi"};
  const std::string reason = "failure_action shell";
  std::vector<WantedProgram> out = {{"/bin/sh", reason}};
  if (auto shell = find_program(root, out.front()); !shell) return std::move(shell).error();
  for (const std::string_view tool : kTools) {
    WantedProgram wanted{std::string(tool), reason};
    if (find_program(root, wanted)) out.push_back(std::move(wanted));
  }
  return out;
}

}  // namespace kdump::mkdumprd
