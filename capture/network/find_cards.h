// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/network/network_kernel.h"

#include <functional>
#include <map>
#include <string>

namespace kdump::network {

/// One line of progress.
using Say = std::function<void(const std::string&)>;

/// The planned interfaces that can be had -> their names in this kernel. Cards are found as the
/// plan says and called what this kernel calls them; a VLAN can be had when its lower interface
/// can, a bond or bridge when one of its ports can.
using Names = std::map<std::string, std::string>;

/// The card that is meant; nullptr when there is none. `by_place`: one in the same place and with
/// the same driver will do when the address is not found.
[[nodiscard]] const Card* find_card(const std::vector<Card>& cards,
                                    const config::PlannedEthernet& wanted,
                                    bool by_place);

/// Waits until every card is there. Ports of a bond or bridge that has another one are not waited
/// for longer than ten seconds. kTimeout names the cards without which an address has no interface.
Result<Names> find_cards(NetworkKernel& kernel,
                         const config::PlannedNetwork& network,
                         Deadline deadline,
                         const Say& say);

}  // namespace kdump::network
