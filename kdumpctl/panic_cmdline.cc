// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/panic_cmdline.h"

#include "base/text.h"
#include "config/kernel_cmdline.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace kdump::ctl {
namespace {

using config::CmdlineParameter;
using config::KernelCommandLine;

struct UnusableParameter {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view kOwnRoot = "the capture image decides what is mounted";
constexpr std::string_view kOwnMemoryMap = "the panic kernel gets a memory map of its own";
constexpr std::string_view kBootLoader = "it is for the boot loader's kernel";

/// Always left out, besides KDUMP_COMMANDLINE_REMOVE.
constexpr std::array<UnusableParameter, 22> kUnusable = {{
    {"crashkernel", "a panic kernel reserves no memory for another one"},
    {"elfcorehdr", "the loader sets it"},
    {"panic_on_warn", "a warning must not end the capture"},
    {"root", kOwnRoot},
    {"rd.lvm.lv", kOwnRoot},
    {"rd.luks.uuid", kOwnRoot},
    {"rd.dm.uuid", kOwnRoot},
    {"rd.md.uuid", kOwnRoot},
    {"fcoe", kOwnRoot},
    {"netroot", kOwnRoot},
    {"rd.iscsi.initiator", kOwnRoot},
    {"iscsi_initiator", kOwnRoot},
    {"resume", "there is nothing to resume from"},
    {"rdinit", "the capture image has its own /init"},
    {"BOOT_IMAGE", kBootLoader},
    {"initrd", kBootLoader},
    {"splash", "the console shows the capture"},
    {"mem", kOwnMemoryMap},
    {"memmap", kOwnMemoryMap},
    {"default_hugepagesz", "a panic kernel has no memory for huge pages"},
    {"kho", "nothing is handed over to a panic kernel"},
    {"abm", kBootLoader},
}};

/// Whether the capture kernel starts no second CPU.
bool runs_on_one_cpu(const KernelCommandLine& line) {
  for (const std::string_view name : {"nr_cpus", "maxcpus"}) {
    const CmdlineParameter* parameter = line.find(name);
    if (parameter != nullptr && (parameter->value == "1" || parameter->value == "0")) return true;
  }
  return line.find("nosmp") != nullptr;
}

std::string apic_id_of_boot_cpu(std::string_view cpuinfo) {
  for (const std::string_view text : split_lines(cpuinfo)) {
    if (text.empty()) break;  // the second CPU
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || trim(text.substr(0, colon)) != "initial apicid")
      continue;
    return std::string(trim(text.substr(colon + 1)));
  }
  return {};
}

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The name under which the driver takes parameters: its module's, else its own.
std::string watchdog_driver(const SysRoot& root, const std::string& device) {
  for (const char* link : {"/device/driver/module", "/device/driver"}) {
    const auto target = root.resolve(device + link);
    if (target) return last_component(*target);
  }
  return {};
}

std::vector<std::string> armed_watchdogs(const SysRoot& root) {
  const std::string folder = "/sys/class/watchdog";
  std::vector<std::string> drivers;
  // A kernel without watchdogs has no such folder.
  for (const std::string& name : root.list(folder).value_or(std::vector<std::string>())) {
    const std::string device = fmt::format("{}/{}", folder, name);
    if (root.read_value(device + "/state").value_or("") != "active") continue;
    std::string driver = watchdog_driver(root, device);
    const bool known = std::find(drivers.begin(), drivers.end(), driver) != drivers.end();
    if (!driver.empty() && !known) drivers.push_back(std::move(driver));
  }
  return drivers;
}

}  // namespace

Result<CmdlineFacts> read_cmdline_facts(const SysRoot& root) {
  CmdlineFacts facts;
  facts.running = TRY(root.read_value("/proc/cmdline"));
  facts.boot_cpu_apic_id = apic_id_of_boot_cpu(TRY(root.read("/proc/cpuinfo")));
  facts.watchdogs = armed_watchdogs(root);
  // Machines without DMI are not AWS ones.
  const std::string vendor = root.read_value("/sys/class/dmi/id/bios_vendor").value_or("");
  facts.aws_arm = config::build_machine() == "aarch64" && vendor == "Amazon EC2";
  return facts;
}

PanicCommandLine panic_command_line(const config::Sysconfig& sysconfig, const CmdlineFacts& facts) {
  CmdlineEditor editor(sysconfig.commandline.empty() ? facts.running : sysconfig.commandline);
  for (const std::string& name : sysconfig.commandline_remove) {
    editor.remove(name, "KDUMP_COMMANDLINE_REMOVE");
  }
  for (const UnusableParameter& parameter : kUnusable) {
    editor.remove(parameter.name, parameter.reason);
  }
  editor.add(sysconfig.commandline_append, "KDUMP_COMMANDLINE_APPEND");
  if (!facts.boot_cpu_apic_id.empty() && !runs_on_one_cpu(editor.line())) {
    editor.add("disable_cpu_apicid=" + facts.boot_cpu_apic_id,
               "waking the boot CPU up from another one would reset the machine");
  }
  for (const std::string& driver : facts.watchdogs) {
    constexpr std::string_view kReason = "the watchdog must reset the machine, not panic it again";
    editor.add(driver + ".pretimeout=0", kReason);
    if (driver == "hpwdt") editor.add("hpwdt.kdumptimeout=0", kReason);
  }
  if (facts.aws_arm) editor.remove("irqpoll", "it hangs AWS Graviton machines");
  editor.add("rd.systemd.gpt_auto=no", "an image with systemd must not mount partitions by itself");
  return std::move(editor).finish();
}

}  // namespace kdump::ctl
