// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/netlink.h"
#include "base/sys_root.h"
#include "capture/network/network_kernel.h"

namespace kdump::network {

/// The running kernel, through rtnetlink (libnl) and sysfs.
class LinuxNetworkKernel : public NetworkKernel {
 public:
  static Result<LinuxNetworkKernel> open(SysRoot root);
  LinuxNetworkKernel(LinuxNetworkKernel&& other) noexcept
      : root_(std::move(other.root_)), socket_(std::move(other.socket_)) {}
  LinuxNetworkKernel& operator=(LinuxNetworkKernel&&) = delete;
  LinuxNetworkKernel(const LinuxNetworkKernel&) = delete;
  LinuxNetworkKernel& operator=(const LinuxNetworkKernel&) = delete;
  ~LinuxNetworkKernel() override = default;

  [[nodiscard]] Deadline now() const override { return Clock::now(); }
  void sleep(std::chrono::milliseconds time) override;
  Status set_node_name(const std::string& name) override;
  Result<std::vector<Card>> cards() override;
  [[nodiscard]] bool exists(const std::string& name) override;
  [[nodiscard]] bool has_link(const std::string& name) override;
  [[nodiscard]] std::string master_of(const std::string& name) override;
  Status create(const std::string& name, const std::string& kind) override;
  Status create_vlan(const std::string& name,
                     const std::string& lower,
                     const config::PlannedVlan& vlan) override;
  Status set_mac_address(const std::string& name, const std::string& address) override;
  Status set_mtu(const std::string& name, unsigned mtu) override;
  Status set_up(const std::string& name, bool up) override;
  Status set_master(const std::string& name, const std::string& master) override;
  Result<std::string> setting(const std::string& path) override;
  Status set_setting(const std::string& path, const std::string& value) override;
  Status add_address(const std::string& name, const config::PlannedAddress& address) override;
  Status add_route(const std::string& name, const config::PlannedRoute& route) override;

 private:
  LinuxNetworkKernel(SysRoot root, NetlinkPtr<nl_sock> socket)
      : root_(std::move(root)), socket_(std::move(socket)) {}

  Result<NetlinkPtr<rtnl_link>> find(const std::string& name);
  Status add(rtnl_link* link, const std::string& doing);
  /// Only what `changes` sets.
  Status change(const std::string& name, rtnl_link* changes, const std::string& doing);

  SysRoot root_;
  NetlinkPtr<nl_sock> socket_;
};

}  // namespace kdump::network
