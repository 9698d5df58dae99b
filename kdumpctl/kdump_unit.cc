// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kdump_unit.h"

#include <fmt/format.h>

#include <algorithm>

namespace kdump::ctl {
namespace {

constexpr const char* kFolder = "/etc/systemd/system";

}  // namespace

bool is_unit_masked(const SysRoot& root) {
  return root.read_link(fmt::format("{}/kdump.service", kFolder)).value_or("") == "/dev/null";
}

bool is_unit_enabled(const SysRoot& root) {
  if (is_unit_masked(root)) return false;
  const auto names = root.list(kFolder);
  return names && std::any_of(names->begin(), names->end(), [&root](const std::string& name) {
           return name.ends_with(".wants") &&
                  root.read_link(fmt::format("{}/{}/kdump.service", kFolder, name)).has_value();
         });
}

}  // namespace kdump::ctl
