// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "capture/agent/system.h"
#include "capture/agent/uevent_socket.h"

#include <optional>

namespace kdump::agent {

/// The System of a real capture kernel.
class LinuxSystem : public System {
 public:
  explicit LinuxSystem(SysRoot root) : root_(std::move(root)) {}

  /// Device events wake the wait for devices; without them it polls.
  Status listen_to_device_events();

  [[nodiscard]] Deadline now() const override { return Clock::now(); }
  [[nodiscard]] std::tm local_time() const override;
  Status load_module(const config::PlannedModule& module, Deadline deadline) override;
  bool wait_for_devices(Deadline until) override;
  [[nodiscard]] Deadline last_device_event() const override;
  Result<DeviceIdentity> identify(const std::string& device, Deadline deadline) override;
  Result<PartitionPlace> find_partition(const std::string& disk,
                                        unsigned number,
                                        Deadline deadline) override;
  Result<std::string> read_lvm(const std::string& device, Deadline deadline) override;
  Result<ThinPoolState> read_thin_pool(const std::string& device, Deadline deadline) override;
  Result<std::string> create_mapped(const MappedDevice& device, Deadline deadline) override;
  Result<std::string> volume_key(const std::string& description, Deadline deadline) override;
  Result<std::string> start_raid(const RaidArray& array, Deadline deadline) override;
  Status connect(const std::string& address, unsigned port, Deadline deadline) override;
  Status sync_device(const std::string& device, Deadline deadline) override;
  Status mount(const std::string& source,
               const std::string& mount_point,
               const config::PlannedFileSystem& place,
               Deadline deadline) override;
  Status sync_and_unmount(const std::string& mount_point, Deadline deadline) override;
  Result<ProgramEnd> run(const Program& program,
                         const ProgramObserver& observer,
                         Deadline deadline) override;
  Status each_kernel_message(const std::function<void(std::string_view)>& message) override;

 private:
  SysRoot root_;
  std::optional<UeventSocket> uevents_;
};

}  // namespace kdump::agent
