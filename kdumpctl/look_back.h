// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/context.h"
#include "kdumpctl/settings.h"

namespace kdump::ctl {

/// Where what is left of captures that saved nothing is kept, whatever the target: it may be on
/// another machine.
inline constexpr const char* kFailureFolder = "/var/crash";

/// Fetches what such a capture has left in the spill area and in the machine's own memory, and
/// reports it; whether there was anything to report.
bool fetch_failures(const Context& context, const config::KdumpConfig& config);

/// What start and restart do first, as the first program to run after a panic: fetch the dump of a
/// raw target and what is left of a capture that saved nothing; say, once for each capture, whether
/// it has left a vmcore or why not; and settle a test of the whole way that was pending. Failures
/// are reported; none keeps the host from being armed.
void look_back(const Context& context, const Settings& settings);

}  // namespace kdump::ctl
