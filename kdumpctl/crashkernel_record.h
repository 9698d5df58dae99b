// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl {

/// The values of crashkernel= that kdumpctl has set on this host, kept in
/// /var/lib/kdump/crashkernel. Any other value is the administrator's.
class CrashkernelRecord {
 public:
  static Result<CrashkernelRecord> read(const SysRoot& root);

  /// It, or a former default of Fedora, RHEL or Debian: nobody chose it.
  [[nodiscard]] bool is_ours(std::string_view value) const;
  /// Remembers `value` durably.
  Status add(const SysRoot& root, const std::string& value);

 private:
  std::vector<std::string> values_;
};

}  // namespace kdump::ctl
