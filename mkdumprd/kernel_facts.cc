// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/kernel_facts.h"

#include "base/text.h"
#include "mkdumprd/module_file.h"

#include <algorithm>
#include <array>

namespace kdump::mkdumprd {
namespace {

Result<std::string> find_modules(const SysRoot& root, const std::string& release) {
  for (const std::string_view parent : {"/lib/modules/", "/usr/lib/modules/"}) {
    auto folder = root.resolve(std::string(parent) + release);
    if (!folder) continue;
    if (root.exists(*folder + "/modules.dep.bin")) return std::move(*folder);
    return make_error(ErrorKind::kNotFound,
                      "{} has no modules.dep.bin. Run \"depmod {}\"",
                      root.path(*folder),
                      release);
  }
  return make_error(ErrorKind::kNotFound,
                    "there are no modules for kernel {} in {}. Install its modules, or name "
                    "another kernel with --kver",
                    release,
                    root.path("/lib/modules"));
}

std::vector<std::string> read_registered(const SysRoot& root) {
  std::vector<std::string> types;
  const std::string text = root.read("/proc/filesystems").value_or(std::string());
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line);
    if (!words.empty()) types.emplace_back(words.back());  // "nodev" can stand in front
  }
  return types;
}

std::vector<std::string> read_loaded(const SysRoot& root) {
  std::vector<std::string> names;
  const std::string text = root.read("/proc/modules").value_or(std::string());
  for (const std::string_view line : split_lines(text)) {
    names.emplace_back(line.substr(0, line.find(' ')));
  }
  return names;
}

/// Where distributions keep a kernel's configuration.
Result<std::pair<std::string, std::string>> read_kernel_config(const SysRoot& root,
                                                               const KernelFacts& kernel) {
  for (const std::string& path :
       {"/boot/config-" + kernel.release, kernel.modules_folder + "/config"}) {
    if (!root.exists(path)) continue;
    return std::pair(path, TRY(root.read(path)));
  }
  constexpr std::string_view kRunning = "/proc/config.gz";
  if (kernel.is_running && root.exists(kRunning)) {
    return std::pair(std::string(kRunning), TRY(read_unpacked(root.path(kRunning))));
  }
  return make_error(
      ErrorKind::kNotFound, "the configuration of kernel {} is not installed", kernel.release);
}

bool is_enabled(std::string_view config, std::string_view option) {
  const auto lines = split_lines(config);
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    return line.size() == option.size() + 2 && line.starts_with(option) && line.ends_with("=y");
  });
}

void choose_packing(const SysRoot& root, KernelFacts& kernel) {
  const auto config = read_kernel_config(root, kernel);
  if (!config) {
    kernel.packing = Packing::kGzip;
    kernel.packing_reason = config.error().message + "; nearly every kernel can unpack gzip";
    return;
  }
  const auto& [path, text] = *config;
  struct Choice {
    Packing packing;
    std::string_view option;
  };
  for (const Choice& choice :
       {Choice{Packing::kZstd, "CONFIG_RD_ZSTD"}, Choice{Packing::kGzip, "CONFIG_RD_GZIP"}}) {
    if (!is_enabled(text, choice.option)) continue;
    kernel.packing = choice.packing;
    kernel.packing_reason = fmt::format("{}=y in {}", choice.option, path);
    return;
  }
  kernel.packing = Packing::kNone;
  kernel.packing_reason = fmt::format("{} enables neither RD_ZSTD nor RD_GZIP", path);
}

}  // namespace

const char* to_string(Packing packing) {
  switch (packing) {
    case Packing::kZstd:
      return "zstd";
    case Packing::kGzip:
      return "gzip";
    case Packing::kNone:
      return "not compressed";
  }
  return "?";
}

Result<KernelFacts> read_kernel(const SysRoot& root, const std::string& release) {
  const auto running = root.read_value("/proc/sys/kernel/osrelease");
  if (release.empty() && !running) {
    return Error(running.error()).with_context("cannot tell the running kernel; use --kver");
  }
  KernelFacts kernel;
  kernel.release = release.empty() ? *running : release;
  if (kernel.release.find('/') != std::string::npos || kernel.release.starts_with('.')) {
    return make_error(ErrorKind::kUsage,
                      "\"{}\" is not a kernel version (the name of a folder in /lib/modules)",
                      escape_control(kernel.release));
  }
  kernel.is_running = running && *running == kernel.release;
  kernel.modules_folder = TRY(find_modules(root, kernel.release));
  if (kernel.is_running) {
    kernel.registered_file_systems = read_registered(root);
    kernel.loaded_modules = read_loaded(root);
  }
  choose_packing(root, kernel);
  return kernel;
}

}  // namespace kdump::mkdumprd
