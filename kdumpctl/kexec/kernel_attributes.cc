// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/kernel_attributes.h"

#include <array>

namespace kdump::kexec {
namespace {

struct Paths {
  std::string_view present;
  std::string_view former;
};

// In the order of KexecAttribute.
constexpr std::array kPaths = {
    Paths{"/sys/kernel/kexec/loaded", "/sys/kernel/kexec_loaded"},
    Paths{"/sys/kernel/kexec/crash_loaded", "/sys/kernel/kexec_crash_loaded"},
    Paths{"/sys/kernel/kexec/crash_size", "/sys/kernel/kexec_crash_size"},
    Paths{"/sys/kernel/kexec/crash_cma_ranges", "/sys/kernel/kexec_crash_cma_ranges"},
    Paths{"/sys/kernel/kexec/crash_elfcorehdr_size", "/sys/kernel/crash_elfcorehdr_size"},
};

}  // namespace

Result<std::string> read_kexec_attribute(const SysRoot& root, KexecAttribute attribute) {
  const Paths& paths = kPaths[static_cast<std::size_t>(attribute)];
  if (root.exists(paths.present)) return root.read_value(paths.present);
  return root.read_value(paths.former);
}

}  // namespace kdump::kexec
