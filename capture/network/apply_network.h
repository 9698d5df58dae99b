// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/network/find_cards.h"
#include "capture/network/network_kernel.h"
#include "config/network_plan.h"

namespace kdump::network {

/// Sets the planned network up and returns when at least one interface with an address has a link.
/// What is set up already stays (another target, or an attempt that died, may have done it). What a
/// dump can do without is said and not an error. Errors name the interface and what to look at.
Status apply_network(NetworkKernel& kernel,
                     const config::PlannedNetwork& network,
                     Deadline deadline,
                     const Say& say);

}  // namespace kdump::network
