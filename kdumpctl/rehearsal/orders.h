// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace kdump::ctl::rehearsal {

/// What the kernel that crashes in a virtual machine loads as its panic kernel.
struct Orders {
  std::string kernel_version;
  std::string command_line;               ///< of the panic kernel, without what the loader adds
  std::vector<std::string> kexec_args{};  ///< KEXEC_ARGS
  friend bool operator==(const Orders&, const Orders&) = default;
};

[[nodiscard]] std::string to_json(const Orders& orders);
Result<Orders> orders_from_json(std::string_view text);

}  // namespace kdump::ctl::rehearsal
