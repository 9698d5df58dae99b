// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/kdump_config.h"

#include <optional>
#include <string>
#include <string_view>

namespace kdump::config {

/// How dump targets are written in kdump.conf; nothing when the text has another form.

/// "/dev/sda1", "UUID=...", LABEL="my disk" (the quotes are dropped).
[[nodiscard]] std::optional<std::string> parse_device(std::string_view value);

/// "server:/export", "[2001:db8::1]:/export".
[[nodiscard]] std::optional<NfsTarget> parse_nfs_target(std::string_view value);

/// "user@host".
[[nodiscard]] std::optional<SshTarget> parse_ssh_target(std::string_view value);

}  // namespace kdump::config
