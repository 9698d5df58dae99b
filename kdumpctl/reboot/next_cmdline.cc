// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/next_cmdline.h"

#include <algorithm>
#include <array>
#include <span>

namespace kdump::ctl::reboot {
namespace {

using config::CmdlineParameter;

/// Names alone: systemd and init take `single`, `s` and `1` without a value.
constexpr std::array<std::string_view, 15> kOnceWords = {"single",
                                                         "s",
                                                         "S",
                                                         "1",
                                                         "-s",
                                                         "-b",
                                                         "emergency",
                                                         "rescue",
                                                         "rd.emergency",
                                                         "rd.rescue",
                                                         "recovery",
                                                         "forcefsck",
                                                         "break",
                                                         "rd.break",
                                                         "autorelabel"};
/// With any value.
constexpr std::array<std::string_view, 5> kOnceNames = {
    "rd.break", "break", "systemd.debug_shell", "fsck.mode", "autorelabel"};
constexpr std::string_view kRunOnce = "systemd.run";
/// Targets that nobody boots into twice on purpose.
constexpr std::array<std::string_view, 6> kOnceTargets = {
    "rescue", "emergency", "runlevel1", "system-update", "kexec", "reboot"};
constexpr std::array<std::string_view, 8> kPanicOnly = {"elfcorehdr",
                                                        "reset_devices",
                                                        "irqpoll",
                                                        "novmcoredd",
                                                        "hest_disable",
                                                        "acpi_no_memhotplug",
                                                        "disable_cpu_apicid",
                                                        "dmcryptkeys"};

bool is_any(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view other) {
    return config::same_parameter_name(name, other);
  });
}

bool names_once_target(std::string_view unit) {
  constexpr std::string_view kSuffix = ".target";
  if (unit.ends_with(kSuffix)) unit.remove_suffix(kSuffix.size());
  return std::find(kOnceTargets.begin(), kOnceTargets.end(), unit) != kOnceTargets.end();
}

bool is_shell(std::string_view program) {
  const auto name = program.substr(program.rfind('/') + 1);
  return name == "sh" || name == "bash" || name == "dash" || name == "busybox";
}

bool meant_for_one_boot(const CmdlineParameter& parameter) {
  const std::string_view name = parameter.name;
  if (!parameter.value) return is_any(name, kOnceWords) || name.starts_with(kRunOnce);
  if (is_any(name, kOnceNames)) return true;
  if (name == kRunOnce || name.starts_with("systemd.run_") || name.starts_with("systemd.run-")) {
    return true;
  }
  if (name == "systemd.unit" || name == "rd.systemd.unit") {
    return names_once_target(*parameter.value);
  }
  return (name == "init" || name == "rdinit") && is_shell(*parameter.value);
}

}  // namespace

EditedCommandLine next_command_line(std::string_view text, bool keep_quiet) {
  CmdlineEditor editor(text);
  constexpr std::string_view kBootLoader = "it is the boot loader's own";
  editor.remove("BOOT_IMAGE", kBootLoader);
  editor.remove("initrd", kBootLoader);
  editor.remove("kexec_jump_back_entry", "it belongs to the kernel before");
  editor.remove_if(meant_for_one_boot, "it was meant for one boot");
  editor.remove_if(
      [](const CmdlineParameter& parameter) { return is_any(parameter.name, kPanicOnly); },
      "it is for panic kernels only");
  if (!keep_quiet) {
    for (const std::string_view name : {"rhgb", "quiet"}) {
      editor.remove(name, "the console shows how the fast reboot goes; see --keep-quiet");
    }
  }
  return std::move(editor).finish();
}

}  // namespace kdump::ctl::reboot
