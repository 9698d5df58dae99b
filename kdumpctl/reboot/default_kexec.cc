// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/default_kexec.h"

#include "config/shell_assignments.h"

#include <algorithm>

namespace kdump::ctl::reboot {
namespace {

constexpr const char* kFile = "/etc/default/kexec";
constexpr const char* kFolder = "/etc/default/kexec.d";

bool run_parts_takes(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

void apply(const config::ShellAssignments& read, DefaultKexec& settings) {
  for (const config::ShellAssignment& row : read.assignments) {
    if (row.name == "LOAD_KEXEC") settings.load_kexec = row.value == "true";
    if (row.name == "USE_GRUB_CONFIG") settings.use_grub_config = row.value == "true";
    if (row.name == "KERNEL_IMAGE") settings.kernel_image = row.value;
    if (row.name == "INITRD") settings.initrd = row.value;
    if (row.name == "APPEND") settings.append = row.value;
  }
}

}  // namespace

Result<CheckedDefaultKexec> read_default_kexec(const SysRoot& root) {
  std::vector<std::string> paths = {kFile};
  for (const std::string& name : root.list(kFolder).value_or(std::vector<std::string>())) {
    const std::string path = fmt::format("{}/{}", kFolder, name);
    if (run_parts_takes(name) && !root.is_directory(path)) paths.push_back(path);
  }
  CheckedDefaultKexec checked;
  config::ShellAssignments all;
  for (const std::string& path : paths) {
    const auto text = root.read(path);
    if (!text && text.error().kind == ErrorKind::kNotFound) continue;
    if (!text) return config::unreadable_file(text.error());
    all = config::parse_shell_assignments(*text, root.path(path), std::move(all.assignments));
    std::move(
        all.diagnostics.begin(), all.diagnostics.end(), std::back_inserter(checked.diagnostics));
  }
  apply(all, checked.settings);
  return checked;
}

}  // namespace kdump::ctl::reboot
