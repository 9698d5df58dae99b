// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace kdump::ctl {

/// Whether systemd restarts this unit, by what `systemctl list-jobs --plain --no-legend` prints:
/// a line "ID UNIT TYPE STATE" for each job. Pure.
[[nodiscard]] bool has_restart_job(std::string_view jobs, std::string_view unit);

/// Whether this program is what systemd runs to stop kdump.service on the way of restarting it.
/// What cannot be found out counts as no.
[[nodiscard]] bool stops_for_a_restart();

}  // namespace kdump::ctl
