// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/network/apply_network.h"

#include <algorithm>

namespace kdump::network {
namespace {

using config::PlannedBond;
using config::PlannedBridge;
using config::PlannedInterface;
using config::PlannedSetting;
using config::PlannedVlan;

constexpr std::chrono::milliseconds kPollInterval{100};

class Setup {
 public:
  Setup(NetworkKernel& kernel,
        const config::PlannedNetwork& network,
        Deadline deadline,
        const Say& say)
      : kernel_(kernel), network_(network), deadline_(deadline), say_(say) {}

  Status run() {
    if (!network_.node_name.empty()) warn(kernel_.set_node_name(network_.node_name));
    // What asks a service of this machine itself expects it.
    warn(kernel_.set_up("lo", true));
    names_ = TRY(find_cards(kernel_, network_, deadline_, say_));
    for (const PlannedInterface& interface : network_.interfaces) {
      if (names_.contains(interface.name)) TRY(set_up(interface));
    }
    TRY(wait_for_link());
    return add_routes();
  }

 private:
  void warn(const Status& status) {
    if (!status) say_("warning: " + status.error().message);
  }

  Status set_up(const PlannedInterface& interface) {
    const std::string& name = names_.at(interface.name);
    if (const auto* vlan = std::get_if<PlannedVlan>(&interface.kind)) {
      if (!kernel_.exists(name)) {
        TRY(kernel_.create_vlan(name, names_.at(vlan->lower), *vlan));
      }
    } else if (const auto* bond = std::get_if<PlannedBond>(&interface.kind)) {
      TRY(create(name, "bond"));
      TRY(write_settings(name, "bonding", bond->settings));
    } else if (const auto* bridge = std::get_if<PlannedBridge>(&interface.kind)) {
      TRY(create(name, "bridge"));
      TRY(write_settings(name, "bridge", bridge->settings));
    }
    if (!interface.mac_address.empty()) {
      warn(kernel_.set_mac_address(name, interface.mac_address));
    }
    TRY(add_ports(interface, name));
    // After the ports: a bond or bridge gives them its own, or takes the smallest of theirs.
    if (interface.mtu != 0) warn(kernel_.set_mtu(name, interface.mtu));
    if (!interface.addresses.empty()) prepare_ipv6(name);
    for (const config::PlannedAddress& address : interface.addresses) {
      TRY(kernel_.add_address(name, address));
    }
    // A bond opens its ports by itself; to do it before would only make the link start twice.
    return is_bond_port(interface.name) ? Status() : kernel_.set_up(name, true);
  }

  [[nodiscard]] bool is_bond_port(const std::string& name) const {
    return std::any_of(
        network_.interfaces.begin(), network_.interfaces.end(), [&](const PlannedInterface& row) {
          const auto* bond = std::get_if<PlannedBond>(&row.kind);
          return bond != nullptr &&
                 std::find(bond->ports.begin(), bond->ports.end(), name) != bond->ports.end();
        });
  }

  Status create(const std::string& name, const std::string& kind) {
    return kernel_.exists(name) ? Status() : kernel_.create(name, kind);
  }

  /// Only the bond's mode is worth an error: the wrong one reaches nobody.
  Status write_settings(const std::string& name,
                        const std::string& folder,
                        const std::vector<PlannedSetting>& settings) {
    for (const PlannedSetting& setting : settings) {
      const std::string path = fmt::format("/sys/class/net/{}/{}/{}", name, folder, setting.name);
      // Some can be written only before there are ports. They read as "802.3ad 4", "100".
      const auto present = kernel_.setting(path);
      if (present && present->substr(0, present->find(' ')) == setting.value) continue;
      auto written = kernel_.set_setting(path, setting.value);
      if (!written && setting.name == "mode") return written;
      warn(written);
    }
    return {};
  }

  Status add_ports(const PlannedInterface& interface, const std::string& name) {
    if (const auto* bond = std::get_if<PlannedBond>(&interface.kind)) {
      TRY(add_ports(bond->ports, name, /*must_be_down=*/true));
      const auto primary = names_.find(bond->primary);
      if (primary == names_.end()) return {};
      warn(kernel_.set_setting(fmt::format("/sys/class/net/{}/bonding/primary", name),
                               primary->second));
    } else if (const auto* bridge = std::get_if<PlannedBridge>(&interface.kind)) {
      return add_ports(bridge->ports, name, /*must_be_down=*/false);
    }
    return {};
  }

  /// The bond opens its ports by itself, and takes none that is up.
  Status add_ports(const std::vector<std::string>& ports,
                   const std::string& master,
                   bool must_be_down) {
    Status last;
    std::size_t added = 0;
    for (const std::string& port : ports) {
      const auto name = names_.find(port);
      if (name == names_.end()) continue;
      last = add_port(name->second, master, must_be_down);
      if (last) ++added;
      warn(last);
    }
    return added > 0 ? Status() : last;
  }

  Status add_port(const std::string& port, const std::string& master, bool must_be_down) {
    if (kernel_.master_of(port) == master) return {};
    if (must_be_down) TRY(kernel_.set_up(port, false));
    return kernel_.set_master(port, master);
  }

  /// The plan's addresses are final: nothing is to be waited for or learnt.
  void prepare_ipv6(const std::string& name) {
    for (const char* setting : {"accept_dad", "accept_ra"}) {
      const std::string path = fmt::format("/proc/sys/net/ipv6/conf/{}/{}", name, setting);
      if (kernel_.setting(path)) warn(kernel_.set_setting(path, "0"));
    }
  }

  /// Those with addresses.
  [[nodiscard]] std::vector<std::string> outer_names() const {
    std::vector<std::string> out;
    for (const PlannedInterface& interface : network_.interfaces) {
      const auto name = names_.find(interface.name);
      if (!interface.addresses.empty() && name != names_.end()) out.push_back(name->second);
    }
    return out;
  }

  Status wait_for_link() {
    const std::vector<std::string> waiting = outer_names();
    if (waiting.empty()) return {};
    for (;;) {
      for (const std::string& name : waiting) {
        if (!kernel_.has_link(name)) continue;
        say_(name + " is up");
        return {};
      }
      if (kernel_.now() + kPollInterval >= deadline_) break;
      kernel_.sleep(kPollInterval);
    }
    return make_error(ErrorKind::kTimeout,
                      "{} has no link: the cable, the switch's port or the driver (see the "
                      "kernel's messages)",
                      fmt::join(waiting, ", "));
  }

  /// One that fails may be that of another address of the server, but the last word is an error.
  Status add_routes() {
    Status last;
    std::size_t added = 0;
    for (const config::PlannedRoute& route : network_.routes) {
      const auto name = names_.find(route.interface);
      if (name == names_.end()) continue;
      last = kernel_.add_route(name->second, route);
      if (last) ++added;
      warn(last);
    }
    return added > 0 || network_.routes.empty() ? Status() : last;
  }

  NetworkKernel& kernel_;
  const config::PlannedNetwork& network_;
  Deadline deadline_;
  const Say& say_;
  Names names_;
};

}  // namespace

Status apply_network(NetworkKernel& kernel,
                     const config::PlannedNetwork& network,
                     Deadline deadline,
                     const Say& say) {
  return Setup(kernel, network, deadline, say).run();
}

}  // namespace kdump::network
