// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/linux_system.h"

#include "base/fd.h"
#include "base/lvm_metadata.h"
#include "base/text.h"
#include "capture/agent/bounded_call.h"
#include "capture/agent/device_probe.h"
#include "capture/agent/kernel_log.h"
#include "capture/agent/server_answer.h"
#include "capture/agent/volume_key.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <thread>
#include <type_traits>
#include <unistd.h>

namespace kdump::agent {
namespace {

Status without_value(const Result<std::string>& result) {
  if (!result) return result.error();
  return {};
}

Result<std::string> insert_module(const std::string& path, const std::string& options) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  if (::syscall(SYS_finit_module, fd.raw(), options.c_str(), 0) == 0 || errno == EEXIST) {
    return std::string();
  }
  return system_error(errno, "cannot load {}", path);
}

// For what fits in one struct: the child is this program, so that its bytes mean the same here.
template <typename T>
Result<T> call_bounded_for(const std::string& doing,
                           const std::function<Result<T>()>& work,
                           Deadline deadline) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::string bytes = TRY(call_bounded(
      doing,
      [&]() -> Result<std::string> {
        const T value = TRY(work());
        return std::string(reinterpret_cast<const char*>(&value), sizeof(value));  // NOLINT
      },
      deadline,
      Overdue::kKill));
  T value{};
  if (bytes.size() != sizeof(value)) return make_error(ErrorKind::kSystem, "cannot {}", doing);
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// A process that is just ending can keep a file open for a moment.
Result<std::string> sync_then_unmount(const std::string& mount_point) {
  constexpr int kAttempts = 20;
  Fd folder = TRY(Fd::open(mount_point, O_RDONLY | O_DIRECTORY));
  if (::syncfs(folder.raw()) != 0) return system_error(errno, "cannot sync {}", mount_point);
  TRY(folder.close());
  for (int attempt = 1;; ++attempt) {
    if (::umount2(mount_point.c_str(), 0) == 0) return std::string();
    if (errno != EBUSY || attempt == kAttempts) {
      return system_error(errno, "cannot unmount {}", mount_point);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// The fields as C strings one after the other: a label may hold any other byte.
std::string encode(const DeviceIdentity& identity) {
  std::string text;
  for (const std::string* field : {&identity.fs_type,
                                   &identity.uuid,
                                   &identity.label,
                                   &identity.part_uuid,
                                   &identity.part_label,
                                   &identity.member_type,
                                   &identity.member_uuid}) {
    text += *field;
    text += '\0';
  }
  return text;
}

DeviceIdentity decode_identity(std::string_view text) {
  const auto fields = split(text, '\0');
  const auto field = [&](std::size_t i) { return std::string(i < fields.size() ? fields[i] : ""); };
  return {field(0), field(1), field(2), field(3), field(4), field(5), field(6)};
}

}  // namespace

Status LinuxSystem::listen_to_device_events() {
  uevents_ = TRY(UeventSocket::open());
  return {};
}

std::tm LinuxSystem::local_time() const {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return local;
}

Status LinuxSystem::load_module(const config::PlannedModule& module, Deadline deadline) {
  return without_value(call_bounded(
      "load " + module.path,
      [&] { return insert_module(root_.path(module.path), module.options); },
      deadline,
      Overdue::kLeaveRunning));
}

bool LinuxSystem::wait_for_devices(Deadline until) {
  if (uevents_) return uevents_->wait(until);
  std::this_thread::sleep_until(until);
  return false;
}

Deadline LinuxSystem::last_device_event() const {
  return uevents_ ? uevents_->last_event() : Clock::now();  // who hears nothing cannot say
}

Status LinuxSystem::connect(const std::string& address, unsigned port, Deadline deadline) {
  return connect_tcp(address, port, deadline);
}

Result<DeviceIdentity> LinuxSystem::identify(const std::string& device, Deadline deadline) {
  const std::string text = TRY(call_bounded(
      "examine " + device,
      [&]() -> Result<std::string> { return encode(TRY(probe_device(root_.path(device)))); },
      deadline,
      Overdue::kKill));
  return decode_identity(text);
}

Result<std::string> LinuxSystem::read_lvm(const std::string& device, Deadline deadline) {
  return call_bounded(
      "read the LVM metadata on " + device,
      [&] { return read_lvm_metadata(root_.path(device)); },
      deadline,
      Overdue::kKill);
}

Result<PartitionPlace> LinuxSystem::find_partition(const std::string& disk,
                                                   unsigned number,
                                                   Deadline deadline) {
  return call_bounded_for<PartitionPlace>(
      "read the partition table of " + disk,
      [&] { return probe_partition(root_.path(disk), number); },
      deadline);
}

Result<ThinPoolState> LinuxSystem::read_thin_pool(const std::string& device, Deadline deadline) {
  return call_bounded_for<ThinPoolState>(
      "read the thin pool's metadata on " + device,
      [&] { return kdump::read_thin_pool(root_.path(device)); },
      deadline);
}

Result<std::string> LinuxSystem::create_mapped(const MappedDevice& device, Deadline deadline) {
  return call_bounded(
      "set up " + device.name,
      [&] { return create_mapped_device(root_.path("/dev/mapper/control"), device); },
      deadline,
      Overdue::kLeaveRunning);
}

Result<std::string> LinuxSystem::volume_key(const std::string& description, Deadline deadline) {
  return call_bounded(
      "get the volume key",
      [&] { return restore_volume_key(root_, description); },
      deadline,
      Overdue::kKill);
}

Result<std::string> LinuxSystem::start_raid(const RaidArray& array, Deadline deadline) {
  return call_bounded(
      "start the md array",
      [&] { return start_raid_array(root_, array); },
      deadline,
      Overdue::kLeaveRunning);
}

Status LinuxSystem::sync_device(const std::string& device, Deadline deadline) {
  return without_value(call_bounded(
      "sync " + device,
      [&]() -> Result<std::string> {
        const Fd fd = TRY(Fd::open(root_.path(device), O_RDWR));
        if (::fsync(fd.raw()) != 0) return system_error(errno, "cannot sync {}", device);
        return std::string();
      },
      deadline,
      Overdue::kLeaveRunning));
}

Status LinuxSystem::mount(const std::string& source,
                          const std::string& mount_point,
                          const config::PlannedFileSystem& place,
                          Deadline deadline) {
  return without_value(call_bounded(
      fmt::format("mount {} on {}", source, mount_point),
      [&]() -> Result<std::string> {
        if (::mount(source.c_str(),
                    mount_point.c_str(),
                    place.fs_type.c_str(),
                    place.mount_flags,
                    place.mount_data.c_str()) == 0) {
          return std::string();
        }
        return system_error(
            errno, "cannot mount {} ({}) on {}", source, place.fs_type, mount_point);
      },
      deadline,
      Overdue::kKill));
}

Status LinuxSystem::sync_and_unmount(const std::string& mount_point, Deadline deadline) {
  return without_value(call_bounded(
      "unmount " + mount_point,
      [&] { return sync_then_unmount(mount_point); },
      deadline,
      Overdue::kLeaveRunning));
}

Status LinuxSystem::each_kernel_message(const std::function<void(std::string_view)>& message) {
  const Fd fd = TRY(Fd::open(root_.path("/dev/kmsg"), O_RDONLY | O_NONBLOCK));
  return read_kernel_records(fd.raw(), message);
}

}  // namespace kdump::agent
