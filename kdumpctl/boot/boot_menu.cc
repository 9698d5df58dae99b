// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/boot_menu.h"

#include "base/text.h"
#include "kdumpctl/boot/boot_files.h"
#include "kdumpctl/boot/extlinux.h"
#include "kdumpctl/boot/grub_boot.h"
#include "kdumpctl/boot/systemd_boot.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace kdump::boot {
namespace {

constexpr std::array<const char*, 5> kExtlinuxFiles = {"/boot/extlinux/extlinux.conf",
                                                       "/extlinux/extlinux.conf",
                                                       "/boot/extlinux.conf",
                                                       "/boot/syslinux/syslinux.cfg",
                                                       "/boot/syslinux/extlinux.conf"};

/// An absolute path begins at the file system's root, any other in the configuration's folder.
std::string extlinux_file(const BootFiles& files,
                          const std::string& path,
                          const std::string& conf) {
  const std::string folder = std::filesystem::path(conf).parent_path().string();
  if (path.starts_with('/')) return files.find("", path, folder);
  return clean_path(folder + "/" + path);
}

Result<BootMenu> read_extlinux_menu(const SysRoot& root, const BootFiles& files) {
  BootMenu menu;
  menu.loader = "extlinux";
  for (const char* conf : kExtlinuxFiles) {
    if (!root.exists(conf)) continue;
    const ExtlinuxMenu found = TRY(parse_extlinux(TRY(root.read(conf)), root.path(conf)));
    for (const ExtlinuxLabel& label : found.labels) {
      BootEntry entry;
      entry.id = label.name;
      entry.title = label.title;
      entry.source = fmt::format("{}:{}", root.path(conf), label.line);
      entry.command_line = label.append;
      if (label.kernel.empty()) {
        entry.problem = "it boots something else than Linux";
      } else {
        entry.kernel = extlinux_file(files, label.kernel, conf);
      }
      for (const std::string& initrd : label.initrds) {
        entry.initrds.push_back(extlinux_file(files, initrd, conf));
      }
      menu.entries.push_back(std::move(entry));
    }
    menu.default_entry = found.default_label;
    menu.default_reason = found.default_reason;
    return menu;
  }
  return menu;
}

/// Without any boot loader's configuration: the running kernel, if it is still installed.
Result<BootMenu> running_kernel_menu(const SysRoot& root, const BootFiles& files) {
  const std::string version = TRY(root.read_value("/proc/sys/kernel/osrelease"));
  BootMenu menu;
  menu.loader = "none";
  menu.default_reason = "no boot loader's configuration was found; it is the running kernel";
  for (const std::string& kernel : {"/boot/vmlinuz-" + version,
                                    "/boot/vmlinux-" + version,
                                    "/boot/Image-" + version,
                                    "/usr/lib/modules/" + version + "/vmlinuz"}) {
    if (!files.is_file(kernel)) continue;
    BootEntry entry;
    entry.id = version;
    entry.title = "Linux " + version;
    entry.kernel = kernel;
    entry.version = version;
    entry.command_line = TRY(root.read_value("/proc/cmdline"));
    entry.source = "/proc/cmdline";
    entry.initrds = usual_initrds(files, version);
    menu.entries.push_back(std::move(entry));
    return menu;
  }
  return make_error(ErrorKind::kNotFound,
                    "there is no boot loader's configuration that could be read (grub.cfg, "
                    "loader/entries, extlinux.conf), and no /boot/vmlinuz-{}; name a kernel with "
                    "--kernel",
                    version);
}

/// vmlinuz-6.1.0-9-amd64 -> 6.1.0-9-amd64
std::string version_of(const std::string& kernel) {
  const std::string name = std::filesystem::path(kernel).filename().string();
  for (const std::string_view prefix : {"vmlinuz-", "vmlinux-", "Image-", "kernel-", "linux-"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return "";
}

/// What all loaders' entries have in common.
void complete(BootMenu& menu, const BootFiles& files) {
  for (BootEntry& entry : menu.entries) {
    if (entry.version.empty()) entry.version = version_of(entry.kernel);
    if (!entry.problem.empty()) continue;
    if (!files.is_file(entry.kernel)) entry.problem = entry.kernel + " does not exist";
    for (const std::string& initrd : entry.initrds) {
      if (entry.problem.empty() && !files.is_file(initrd))
        entry.problem = initrd + " does not exist";
    }
  }
}

}  // namespace

std::vector<std::string> usual_initrds(const BootFiles& files, const std::string& version) {
  for (const std::string& initrd : {"/boot/initrd.img-" + version,
                                    "/boot/initramfs-" + version + ".img",
                                    "/boot/initramfs-" + version,
                                    "/boot/initrd-" + version,
                                    "/usr/lib/modules/" + version + "/initrd"}) {
    if (files.is_file(initrd)) return {initrd};
  }
  return {};
}

Result<BootMenu> read_boot_menu(const SysRoot& root) {
  const BootFiles files = TRY(BootFiles::read(root));
  using Reader = Result<BootMenu> (*)(const SysRoot&, const BootFiles&);
  std::vector<Reader> readers = {
      read_grub_boot, read_systemd_boot, read_extlinux_menu, running_kernel_menu};
  if (booted_by_systemd_boot(root)) std::swap(readers[0], readers[1]);
  std::vector<std::string> warnings;
  for (const Reader reader : readers) {
    BootMenu menu = TRY(reader(root, files));
    std::move(menu.warnings.begin(), menu.warnings.end(), std::back_inserter(warnings));
    if (menu.entries.empty()) continue;
    menu.warnings = std::move(warnings);
    complete(menu, files);
    return menu;
  }
  return make_error(ErrorKind::kNotFound, "there is nothing to boot");
}

Result<BootEntry> find_entry(const BootMenu& menu, const std::string& wanted) {
  using Match = bool (*)(const BootEntry&, const std::string&);
  constexpr std::array<Match, 5> kMatches = {
      [](const BootEntry& entry, const std::string& text) { return entry.id == text; },
      // As systemd-boot's configuration may name it.
      [](const BootEntry& entry, const std::string& text) {
        return entry.id == text + ".conf" || entry.id == text + ".efi";
      },
      [](const BootEntry& entry, const std::string& text) { return entry.title == text; },
      [](const BootEntry& entry, const std::string& text) { return entry.kernel == text; },
      [](const BootEntry& entry, const std::string& text) { return entry.version == text; }};
  for (const Match match : kMatches) {
    for (const BootEntry& entry : menu.entries) {
      if (match(entry, wanted)) return entry;
    }
  }
  std::vector<std::string> ids;
  ids.reserve(menu.entries.size());
  for (const BootEntry& entry : menu.entries) ids.push_back(escape_control(entry.id));
  return make_error(ErrorKind::kNotFound,
                    "{} has no entry \"{}\"; it has {}",
                    menu.loader,
                    escape_control(wanted),
                    fmt::join(ids, ", "));
}

}  // namespace kdump::boot
