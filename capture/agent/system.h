// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/subprocess.h"
#include "base/thin_pool.h"
#include "capture/agent/mapped_device.h"
#include "capture/agent/raid_array.h"
#include "config/capture_plan.h"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace kdump::agent {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// What a block device says about itself; absent properties are empty.
struct DeviceIdentity {
  std::string fs_type;  ///< only when the content is a file system, not a RAID or LVM member
  std::string uuid;     ///< of that file system
  std::string label;    ///< likewise
  std::string part_uuid;
  std::string part_label;
  std::string member_type;  ///< "LVM2_member", "linux_raid_member", "crypto_LUKS": part of a volume
  std::string member_uuid;  ///< of the physical volume, or of the whole array or encrypted volume
};

/// Where a partition lies on its disk, in sectors of 512 bytes.
struct PartitionPlace {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  friend bool operator==(const PartitionPlace&, const PartitionPlace&) = default;
};

/// What to run, without a shell.
struct Program {
  std::vector<std::string> argv;
  int out = -1;  ///< becomes its standard output; -1: that goes where its standard error goes
  /// Killed when it has used no processor time for so long: what waits for a dead disk or server
  /// may wait for ever. 0: it may sleep.
  std::chrono::seconds stall{0};
};

/// What happens while a program runs.
struct ProgramObserver {
  std::function<void(std::string_view)> output;  ///< bytes of its standard output and error
  std::function<void()> tick;                    ///< a few times a second
  std::function<void()> active = [] {};          ///< once a second, while it uses the processor
};

/// How a program that ran to its end, or was killed at its deadline, ended.
struct ProgramEnd {
  pid_t pid = -1;
  ExitStatus status;
  bool deadline_passed = false;  ///< the agent killed it
  bool stalled = false;          ///< likewise, because it did nothing
};

/// Everything the capture steps ask of the kernel that a test cannot have. No call blocks for
/// longer than its deadline says, however sick the device behind it: what may block in the kernel
/// is done in a child process that is left behind when time is up (kTimeout).
class System {
 public:
  System() = default;
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  virtual ~System() = default;

  [[nodiscard]] virtual Deadline now() const = 0;
  /// Wall clock in the time zone of the image's /etc/localtime.
  [[nodiscard]] virtual std::tm local_time() const = 0;

  /// finit_module(2). Loaded already is success. kTimeout: still loading, and not interrupted.
  virtual Status load_module(const config::PlannedModule& module, Deadline deadline) = 0;
  /// Sleeps until a block device appears or changes (true), or `until` (false).
  virtual bool wait_for_devices(Deadline until) = 0;
  /// When the kernel last said something about any device, as far as wait_for_devices() has heard.
  [[nodiscard]] virtual Deadline last_device_event() const = 0;
  /// Reads the signatures on a device node. A device without any is an empty identity.
  virtual Result<DeviceIdentity> identify(const std::string& device, Deadline deadline) = 0;

  /// The partition with this number in the table on a disk. kNotFound when there is none.
  virtual Result<PartitionPlace> find_partition(const std::string& disk,
                                                unsigned number,
                                                Deadline deadline) = 0;

  /// The volume group's metadata on an LVM physical volume (base/lvm_metadata.h).
  virtual Result<std::string> read_lvm(const std::string& device, Deadline deadline) = 0;
  /// How full the thin pool with this metadata device is.
  virtual Result<ThinPoolState> read_thin_pool(const std::string& device, Deadline deadline) = 0;
  /// Creates and activates a device-mapper device; returns its "major:minor". One that is active
  /// already is taken as it is.
  virtual Result<std::string> create_mapped(const MappedDevice& device, Deadline deadline) = 0;
  /// A volume key that the crashed kernel has left for this one, as hexadecimal digits.
  virtual Result<std::string> volume_key(const std::string& description, Deadline deadline) = 0;
  /// Starts an md array; returns its node.
  virtual Result<std::string> start_raid(const RaidArray& array, Deadline deadline) = 0;
  /// A TCP connection, made and closed. A kSystem error's code is connect's errno: ECONNREFUSED
  /// came from the machine itself.
  virtual Status connect(const std::string& address, unsigned port, Deadline deadline) = 0;
  /// Writes what the kernel still holds of a block device to it.
  virtual Status sync_device(const std::string& device, Deadline deadline) = 0;

  /// mount(2) of a block device or of what else a file system calls its source; a kSystem error's
  /// code is mount's errno.
  virtual Status mount(const std::string& source,
                       const std::string& mount_point,
                       const config::PlannedFileSystem& place,
                       Deadline deadline) = 0;
  /// Writes the file system's dirty data to the device, then unmounts it.
  virtual Status sync_and_unmount(const std::string& mount_point, Deadline deadline) = 0;

  /// The observer is given standard error, and standard output unless it goes elsewhere. An error
  /// means that it could not be started.
  virtual Result<ProgramEnd> run(const Program& program,
                                 const ProgramObserver& observer,
                                 Deadline deadline) = 0;

  /// Calls `message` with each message this kernel has in its log, oldest first, as
  /// "[    1.234567] text".
  virtual Status each_kernel_message(const std::function<void(std::string_view)>& message) = 0;
};

}  // namespace kdump::agent
