// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "mkdumprd/host_network.h"

namespace kdump::mkdumprd {

/// Through rtnetlink (libnl), ethtool's ioctl and the C library's resolver. A tree of files has no
/// network: with a root that is not the running host everything is kUnsupported.
class LinuxHostNetwork : public HostNetwork {
 public:
  explicit LinuxHostNetwork(SysRoot root) : root_(std::move(root)) {}

  Result<NetworkState> state() override;
  Result<NetworkRoute> route_to(const IpAddress& address) override;
  Result<std::vector<IpAddress>> resolve(const std::string& name) override;

 private:
  [[nodiscard]] Status check_root() const;

  SysRoot root_;
};

}  // namespace kdump::mkdumprd
