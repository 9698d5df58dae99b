// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/module_options.h"

#include "config/kernel_cmdline.h"

#include <filesystem>

namespace kdump::agent {

std::string module_options(const config::PlannedModule& module,
                           std::string_view kernel_command_line) {
  const std::string name = std::filesystem::path(module.path).stem().string();
  std::string options = module.options;
  const auto command_line = config::KernelCommandLine::parse(kernel_command_line);
  for (const config::CmdlineParameter& parameter : command_line.parameters()) {
    if (parameter.text == "--") break;
    const auto dot = parameter.name.find('.');
    if (dot == std::string::npos ||
        !config::same_parameter_name(parameter.name.substr(0, dot), name)) {
      continue;
    }
    if (!options.empty()) options += ' ';
    options += parameter.name.substr(dot + 1);
    if (!parameter.value) continue;
    // Values cannot hold double quotes (lib/cmdline.c), so these always keep one together.
    const bool has_blanks = parameter.value->find_first_of(" \t") != std::string::npos;
    options += has_blanks ? "=\"" + *parameter.value + "\"" : "=" + *parameter.value;
  }
  return options;
}

}  // namespace kdump::agent
