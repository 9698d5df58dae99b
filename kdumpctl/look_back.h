// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/context.h"
#include "kdumpctl/settings.h"

namespace kdump::ctl {

/// What start and restart do first, as the first program to run after a panic: fetch the dump of a
/// raw target; say, once for each capture, whether it has left a vmcore or why not; and settle a
/// test of the whole way that was pending. Failures are reported; none keeps the host from being
/// armed.
void look_back(const Context& context, const Settings& settings);

}  // namespace kdump::ctl
