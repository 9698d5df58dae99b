// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/network/find_cards.h"

#include <algorithm>
#include <cctype>

namespace kdump::network {
namespace {

constexpr std::chrono::milliseconds kPollInterval{100};
constexpr std::chrono::seconds kGrace{10};  // for the ports that one could do without

bool same_address(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string describe(const config::PlannedInterface& interface,
                     const config::PlannedEthernet& card) {
  return fmt::format("{} ({}{}{})",
                     interface.name,
                     card.permanent_address.empty() ? card.device : card.permanent_address,
                     card.driver.empty() ? "" : ", ",
                     card.driver);
}

/// What can be had of the plan with these cards.
Names name_interfaces(const config::PlannedNetwork& network,
                      const std::vector<Card>& cards,
                      bool by_place) {
  Names names;
  const auto is_there = [&names](const std::string& name) { return names.contains(name); };
  for (const config::PlannedInterface& interface : network.interfaces) {
    bool available = false;
    if (const auto* wanted = std::get_if<config::PlannedEthernet>(&interface.kind)) {
      if (const Card* card = find_card(cards, *wanted, by_place)) {
        names[interface.name] = card->name;
      }
      continue;
    }
    if (const auto* vlan = std::get_if<config::PlannedVlan>(&interface.kind)) {
      available = is_there(vlan->lower);
    } else if (const auto* bond = std::get_if<config::PlannedBond>(&interface.kind)) {
      available = std::any_of(bond->ports.begin(), bond->ports.end(), is_there);
    } else if (const auto* bridge = std::get_if<config::PlannedBridge>(&interface.kind)) {
      available = std::any_of(bridge->ports.begin(), bridge->ports.end(), is_there);
    }
    if (available) names[interface.name] = interface.name;
  }
  return names;
}

bool has_all_addresses(const config::PlannedNetwork& network, const Names& names) {
  return std::all_of(network.interfaces.begin(), network.interfaces.end(), [&](const auto& i) {
    return i.addresses.empty() || names.contains(i.name);
  });
}

std::string describe_missing(const config::PlannedNetwork& network, const Names& names) {
  std::string text;
  for (const config::PlannedInterface& interface : network.interfaces) {
    const auto* card = std::get_if<config::PlannedEthernet>(&interface.kind);
    if (card == nullptr || names.contains(interface.name)) continue;
    text += (text.empty() ? "" : ", ") + describe(interface, *card);
  }
  return text;
}

std::string describe_present(const std::vector<Card>& cards) {
  std::string text;
  for (const Card& card : cards) {
    text += fmt::format(
        "{}{} ({}, {})", text.empty() ? "" : ", ", card.name, card.address, card.driver);
  }
  return text.empty() ? "none" : text;
}

}  // namespace

const Card* find_card(const std::vector<Card>& cards,
                      const config::PlannedEthernet& wanted,
                      bool by_place) {
  const Card* found = nullptr;
  for (const Card& card : cards) {
    if (wanted.permanent_address.empty() || !same_address(card.address, wanted.permanent_address)) {
      continue;
    }
    // A virtual function below a synthetic device has its address (hv_netvsc): the driver decides.
    if (card.device == wanted.device && card.driver == wanted.driver) return &card;
    if (found == nullptr || card.driver == wanted.driver) found = &card;
  }
  if (found != nullptr) return found;
  if (!wanted.permanent_address.empty() && !by_place) return nullptr;
  for (const Card& card : cards) {
    if (!wanted.device.empty() && card.device == wanted.device && card.driver == wanted.driver) {
      return &card;
    }
  }
  return nullptr;
}

Result<Names> find_cards(NetworkKernel& kernel,
                         const config::PlannedNetwork& network,
                         Deadline deadline,
                         const Say& say) {
  const Deadline grace_end = std::min(kernel.now() + kGrace, deadline);
  const auto go_on = [&](const Names& names) {
    const std::string missing = describe_missing(network, names);
    if (!missing.empty()) say("going on without " + missing);
    return names;
  };
  for (;;) {
    const std::vector<Card> cards = TRY(kernel.cards());
    const Names names = name_interfaces(network, cards, /*by_place=*/false);
    if (names.size() == network.interfaces.size()) return names;
    const Deadline now = kernel.now();
    if (now >= grace_end && has_all_addresses(network, names)) return go_on(names);
    if (now + kPollInterval < deadline) {
      kernel.sleep(kPollInterval);
      continue;
    }
    const Names by_place = name_interfaces(network, cards, /*by_place=*/true);
    if (has_all_addresses(network, by_place)) {
      say("a card has another address than on the host; it is known by its place");
      return go_on(by_place);
    }
    return make_error(ErrorKind::kTimeout,
                      "network card {} did not appear; there are: {}\nsee the kernel's messages, "
                      "and run 'kdumpctl rebuild' if cards were changed",
                      describe_missing(network, names),
                      describe_present(cards));
  }
}

}  // namespace kdump::network
