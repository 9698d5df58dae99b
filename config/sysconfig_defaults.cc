// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/sysconfig.h"

#include <array>

namespace kdump::config {
namespace {

struct MachineDefaults {
  std::string_view machine;
  const char* commandline_append;
};

/// As Fedora and RHEL generate /etc/sysconfig/kdump for each architecture; the first row is for
/// those that are not listed.
constexpr std::array<MachineDefaults, 3> kDefaults = {{
    {"",
     "nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 panic=10 novmcoredd cma=0 "
     "hugetlb_cma=0"},
    {"x86_64",
     "irqpoll nr_cpus=1 reset_devices cgroup_disable=memory mce=off numa=off udev.children-max=2 "
     "panic=10 acpi_no_memhotplug transparent_hugepage=never nokaslr hest_disable novmcoredd cma=0 "
     "hugetlb_cma=0 pcie_ports=compat kfence.sample_interval=0 initramfs_options=size=90%"},
    {"aarch64",
     "irqpoll nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 panic=10 "
     "swiotlb=noforce novmcoredd cma=0 hugetlb_cma=0 kfence.sample_interval=0 "
     "initramfs_options=size=90%"},
}};

}  // namespace

Sysconfig sysconfig_defaults(std::string_view machine) {
  const MachineDefaults* defaults = &kDefaults.front();
  for (const MachineDefaults& row : kDefaults) {
    if (row.machine == machine) defaults = &row;
  }
  Sysconfig settings;
  settings.commandline_remove = {"hugepages",
                                 "hugepagesz",
                                 "slub_debug",
                                 "quiet",
                                 "log_buf_len",
                                 "swiotlb",
                                 "cma",
                                 "hugetlb_cma",
                                 "ignition.firstboot"};
  settings.commandline_append = defaults->commandline_append;
  settings.kexec_args = {"-s"};
  return settings;
}

std::string_view build_machine() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "";
#endif
}

}  // namespace kdump::config
