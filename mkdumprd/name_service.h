// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "mkdumprd/image_plan.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// A name that was resolved while the image was made.
struct KnownHost {
  std::string name;
  std::vector<std::string> addresses;
};

/// /etc/hosts with these names before the host's own, and the host's resolver configuration: for
/// hooks, since the agent itself needs no name. A resolver that runs on the host itself
/// (systemd-resolved) is replaced by those that it asks.
[[nodiscard]] std::vector<MadeFile> make_name_service(const SysRoot& root,
                                                      const std::vector<KnownHost>& hosts);

}  // namespace kdump::mkdumprd
