// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_wishes.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::mkdumprd {
namespace {

/// Modules that a file system asks for by request_module() while it mounts, which no dependency
/// shows. The capture image has no modprobe, so they are loaded beforehand where they exist.
struct Helper {
  std::string_view fs_type;
  std::string_view module;
};
constexpr std::array<Helper, 5> kHelpers = {{
    {"ext4", "quota_v2"},   // dquot_load_quota_inode(), when the quota feature is on
    {"vfat", "nls_cp437"},  // load_nls(): CONFIG_FAT_DEFAULT_CODEPAGE and _IOCHARSET
    {"vfat", "nls_iso8859_1"},
    {"vfat", "nls_ascii"},
    {"vfat", "nls_utf8"},
}};

ModuleWish wish_file_system(const KernelFacts& kernel, const std::string& fs_type) {
  const auto& types = kernel.registered_file_systems;
  const bool registered = std::find(types.begin(), types.end(), fs_type) != types.end();
  // MODULE_ALIAS_FS(): ext4 answers to fs-ext3, and so on.
  return {.names = {fs_type},
          .aliases = {"fs-" + fs_type},
          .required = !registered,
          .reason = "file system of the dump target"};
}

}  // namespace

ModuleWish wish_driver(const StackDevice& device) {
  ModuleWish wish;
  if (!device.module.empty()) wish.names.push_back(device.module);
  if (!device.modalias.empty()) wish.aliases.push_back(device.modalias);
  // A driver without a module of its own is built into the running kernel. Not every built-in one
  // is listed in modules.builtin, so not finding it proves nothing.
  wish.required = device.module_is_loaded;
  wish.reason = "driver of " + device.sysfs_path;
  return wish;
}

std::vector<ModuleWish> wish_modules(const KernelFacts& kernel, const TargetFacts& target) {
  const std::string fs_type = target.mount ? target.mount->fs_type : target.probed.type;
  std::vector<ModuleWish> wishes;
  for (const StackDevice& part : target.device.stack) wishes.push_back(wish_driver(part));
  for (const std::string& name : target.device.volume_modules) {
    // Built into the kernel it has no name of its own: md's levels are aliases.
    wishes.push_back({.names = {name},
                      .aliases = {"md-" + name},
                      .required = false,
                      .reason = "volume of the dump target"});
  }
  for (const Helper& helper : kHelpers) {
    if (helper.fs_type != fs_type) continue;
    // Mounted under the same kernel, the file system has all that it asked for.
    const auto& loaded = kernel.loaded_modules;
    const bool is_settled = kernel.is_running && target.mount;
    if (is_settled && std::find(loaded.begin(), loaded.end(), helper.module) == loaded.end()) {
      continue;
    }
    wishes.push_back({.names = {std::string(helper.module)},
                      .aliases = {},
                      .required = false,
                      .reason = "asked for by " + fs_type});
  }
  if (!fs_type.empty()) wishes.push_back(wish_file_system(kernel, fs_type));
  return wishes;
}

std::optional<ModuleWish> wish_failure_record(const SysRoot& root) {
  if (!root.is_directory("/sys/firmware/efi/efivars")) return std::nullopt;
  return ModuleWish{.names = {"efivarfs"},
                    .aliases = {},
                    .required = false,
                    .reason = "the record of a failed capture, in an EFI variable"};
}

std::vector<ModuleWish> wish_extra_modules(const std::vector<std::string>& names) {
  std::vector<ModuleWish> wishes;
  for (const std::string& name : names) {
    wishes.push_back({.names = {name}, .aliases = {}, .required = true, .reason = "extra_modules"});
  }
  return wishes;
}

}  // namespace kdump::mkdumprd
