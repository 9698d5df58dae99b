// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/next_kernel.h"

#include "kdumpctl/reboot/next_cmdline.h"
#include "kdumpctl/reboot/root_device.h"

#include <filesystem>

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kNone = "none";

Result<std::string> existing_file(const SysRoot& root,
                                  const std::string& path,
                                  std::string_view remedy) {
  const auto resolved = root.resolve(path);
  std::error_code error;
  if (resolved && std::filesystem::is_regular_file(root.path(*resolved), error)) return *resolved;
  return make_error(
      ErrorKind::kNotFound, "{} does not exist or is no file; {}", root.path(path), remedy);
}

Status resolve_files(const SysRoot& root, NextKernel& next, std::string_view remedy) {
  next.kernel = TRY(existing_file(root, next.kernel, remedy));
  for (std::string& initrd : next.initrds) initrd = TRY(existing_file(root, initrd, remedy));
  return {};
}

/// A kernel that stands in no boot entry.
Result<boot::BootEntry> entry_for_path(const SysRoot& root, const std::string& kernel) {
  boot::BootEntry entry;
  entry.kernel = kernel;
  const std::string name = std::filesystem::path(kernel).filename().string();
  const auto dash = name.find('-');
  if (dash != std::string::npos) {
    const auto files = TRY(boot::BootFiles::read(root));
    entry.initrds = boot::usual_initrds(files, name.substr(dash + 1));
  }
  entry.command_line = TRY(root.read_value("/proc/cmdline"));
  return entry;
}

struct Found {
  boot::BootEntry entry;
  std::string origin;
  std::vector<std::string> warnings;
  std::optional<boot::OneShot> one_shot;
};

Result<Found> find_path(const SysRoot& root, const std::string& kernel) {
  const auto menu = boot::read_boot_menu(root);
  const auto listed =
      menu ? boot::find_entry(*menu, kernel) : Result<boot::BootEntry>(menu.error());
  if (listed) {
    return Found{*listed, fmt::format("{}'s entry {}", menu->loader, listed->id), {}, {}};
  }
  Found found{
      TRY(entry_for_path(root, kernel)), "named; the running kernel's command line", {}, {}};
  if (!menu && menu.error().kind == ErrorKind::kBadData) {
    found.warnings.push_back(menu.error().message);
  }
  return found;
}

bool is_unified(const std::string& kernel) { return kernel.ends_with(".efi"); }

Result<Found> find_wanted(const SysRoot& root, const NextKernelWishes& wishes) {
  if (wishes.kernel.starts_with('/')) return find_path(root, wishes.kernel);
  const boot::BootMenu menu = TRY(boot::read_boot_menu(root));
  const std::string& wanted = wishes.entry.empty() ? wishes.kernel : wishes.entry;
  if (!wanted.empty()) {
    const boot::BootEntry entry = TRY(boot::find_entry(menu, wanted));
    return Found{entry, fmt::format("{}'s entry {}", menu.loader, entry.id), menu.warnings, {}};
  }
  const boot::BootEntry& entry = menu.entries[menu.default_entry];
  return Found{entry,
               menu.loader == kNone
                   ? menu.default_reason
                   : fmt::format("{}'s entry {} ({})", menu.loader, entry.id, menu.default_reason),
               menu.warnings,
               menu.one_shot};
}

Status choose_command_line(const SysRoot& root,
                           const NextKernelWishes& wishes,
                           const std::string& of_entry,
                           NextKernel& next) {
  if (wishes.command_line && !wishes.reuse_cmdline) {
    next.command_line = *wishes.command_line;
    return {};
  }
  const std::string text = wishes.reuse_cmdline ? TRY(root.read_value("/proc/cmdline")) : of_entry;
  EditedCommandLine edited = next_command_line(text, wishes.keep_quiet);
  next.command_line = std::move(edited.text);
  next.changes = std::move(edited.changes);
  if (wishes.reuse_cmdline && wishes.command_line) {
    CmdlineEditor editor(next.command_line);
    editor.add(*wishes.command_line, "--append");
    next.command_line = std::move(editor).finish().text;
  }
  return {};
}

}  // namespace

Result<NextKernel> choose_next_kernel(const SysRoot& root, const NextKernelWishes& wishes) {
  if (!wishes.kernel.empty() && !wishes.entry.empty()) {
    return make_error(ErrorKind::kUsage, "--kernel and --entry exclude each other; give one");
  }
  Found found = TRY(find_wanted(root, wishes));
  NextKernel next;
  next.kernel = found.entry.kernel;
  next.initrds = wishes.initrds.empty() ? found.entry.initrds : wishes.initrds;
  if (wishes.initrds == std::vector<std::string>{kNone}) next.initrds.clear();
  if (wishes.initrds.empty() && !found.entry.problem.empty()) {
    return make_error(ErrorKind::kNotFound,
                      "{} cannot be loaded: {}; name another with --entry or --kernel",
                      found.origin,
                      found.entry.problem);
  }
  next.own_initrd = is_unified(next.kernel) && wishes.initrds.empty();
  if (next.initrds.empty() && wishes.initrds.empty() && !next.own_initrd) {
    return make_error(ErrorKind::kNotFound,
                      "there is no initrd for {}; name it with --initrd, or say --initrd none",
                      next.kernel);
  }
  next.origin = std::move(found.origin);
  next.warnings = std::move(found.warnings);
  next.one_shot = std::move(found.one_shot);
  next.syscall = wishes.syscall;
  TRY(choose_command_line(root, wishes, found.entry.command_line, next));
  TRY(resolve_files(root, next, "correct the path"));
  TRY(check_root_device(next.command_line, root));
  return next;
}

Result<NextKernel> choose_default_kexec(const SysRoot& root, const DefaultKexec& settings) {
  NextKernel next;
  if (settings.use_grub_config) {
    Found found = TRY(find_wanted(root, {}));
    if (!found.entry.problem.empty()) {
      return make_error(
          ErrorKind::kNotFound, "{} cannot be loaded: {}", found.origin, found.entry.problem);
    }
    next.kernel = found.entry.kernel;
    next.initrds = found.entry.initrds;
    next.own_initrd = is_unified(next.kernel);
    next.command_line = found.entry.command_line;
    next.origin = "USE_GRUB_CONFIG: " + found.origin;
    next.warnings = std::move(found.warnings);
    next.one_shot = std::move(found.one_shot);
  } else {
    if (settings.kernel_image.empty()) {
      return make_error(ErrorKind::kUsage,
                        "{}: LOAD_KEXEC is true and KERNEL_IMAGE is not set; set it, for example "
                        "KERNEL_IMAGE=\"/vmlinuz\", or USE_GRUB_CONFIG=true",
                        root.path("/etc/default/kexec"));
    }
    next.kernel = settings.kernel_image;
    if (!settings.initrd.empty()) next.initrds = {settings.initrd};
    next.command_line = settings.append;
    next.origin = "KERNEL_IMAGE in /etc/default/kexec";
  }
  if (next.command_line.empty()) next.command_line = TRY(root.read_value("/proc/cmdline"));
  TRY(resolve_files(root, next, "correct KERNEL_IMAGE and INITRD in /etc/default/kexec"));
  TRY(check_root_device(next.command_line, root));
  return next;
}

}  // namespace kdump::ctl::reboot
