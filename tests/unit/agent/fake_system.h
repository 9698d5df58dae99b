// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/agent/agent_log.h"
#include "capture/agent/capture.h"
#include "capture/agent/final_action.h"
#include "capture/agent/system.h"
#include "tests/support/temp_tree.h"

#include <algorithm>
#include <fcntl.h>
#include <functional>
#include <map>
#include <sys/mman.h>

namespace kdump::agent {

/// A capture kernel in memory and a temporary folder: a clock that moves only when something waits,
/// and a list of what was asked, in order. What each call does can be replaced.
class FakeSystem : public System {
 public:
  [[nodiscard]] Deadline now() const override { return now_; }
  [[nodiscard]] std::tm local_time() const override {
    std::tm time{};
    time.tm_year = 126;
    time.tm_mon = 10;
    time.tm_mday = 3;
    time.tm_hour = 4;
    time.tm_min = 5;
    time.tm_sec = 6;
    return time;
  }
  Status load_module(const config::PlannedModule& module, Deadline deadline) override {
    calls.push_back(fmt::format("module {} '{}'", module.path, module.options));
    return on_load_module(module, deadline);
  }
  bool wait_for_devices(Deadline until) override {
    now_ = std::max(now_, until);
    return on_wait();
  }
  Result<DeviceIdentity> identify(const std::string& device, Deadline deadline) override {
    calls.push_back("identify " + device);
    return on_identify(device, deadline);
  }
  Status mount(const std::string& source,
               const std::string& mount_point,
               const config::PlannedFileSystem& place,
               Deadline deadline) override {
    calls.push_back(fmt::format("mount {} {} {} {:#x} '{}'",
                                source,
                                mount_point,
                                place.fs_type,
                                place.mount_flags,
                                place.mount_data));
    return on_mount(deadline);
  }
  Status sync_and_unmount(const std::string& mount_point, Deadline /*deadline*/) override {
    calls.push_back("unmount " + mount_point);
    return on_unmount();
  }
  Result<ProgramEnd> run(const Program& program,
                         const ProgramObserver& observer,
                         Deadline deadline) override {
    std::string call = "run";
    for (const std::string& word : program.argv) call += " " + word;
    calls.push_back(call);
    observer.tick();
    const bool asks_for_room =
        std::find(program.argv.begin(), program.argv.end(), "mkdir") != program.argv.end();
    if (program.out >= 0 && asks_for_room) {
      TRY(write_all(program.out, room));
    } else if (program.out >= 0) {
      const bool is_estimate = program.argv.at(1) == "--estimate";
      TRY(write_all(program.out, is_estimate ? estimate : std::string("a stream")));
      return on_stream;
    }
    return on_run(program.argv, observer, deadline);
  }
  Result<PartitionPlace> find_partition(const std::string& disk,
                                        unsigned number,
                                        Deadline /*deadline*/) override {
    calls.push_back(fmt::format("find_partition {} {}", disk, number));
    return PartitionPlace{2048, 4096};
  }
  Result<std::string> read_lvm(const std::string& device, Deadline /*deadline*/) override {
    calls.push_back("read_lvm " + device);
    return on_read_lvm(device);
  }
  Result<ThinPoolState> read_thin_pool(const std::string& device, Deadline /*deadline*/) override {
    calls.push_back("read_thin_pool " + device);
    return on_read_thin_pool(device);
  }
  Result<std::string> create_mapped(const MappedDevice& device, Deadline /*deadline*/) override {
    std::string call = fmt::format("map {} {}", device.name, device.uuid);
    for (const MapRow& row : device.table) {
      call += fmt::format(" [{} {} {} {}]", row.start, row.length, row.type, row.parameters);
    }
    calls.push_back(call);
    return fmt::format("252:{}", mapped_++);
  }
  Result<std::string> volume_key(const std::string& description, Deadline /*deadline*/) override {
    calls.push_back("volume_key " + description);
    return on_volume_key(description);
  }
  Result<std::string> start_raid(const RaidArray& array, Deadline /*deadline*/) override {
    calls.push_back(fmt::format("raid {}.{} {}",
                                array.metadata_major,
                                array.metadata_minor,
                                fmt::join(array.members, " ")));
    return std::string("/dev/md127");
  }
  [[nodiscard]] Deadline last_device_event() const override { return last_event; }
  Status connect(const std::string& address, unsigned port, Deadline deadline) override {
    calls.push_back(fmt::format("connect {} {}", address, port));
    return on_connect(address, deadline);
  }
  Status sync_device(const std::string& device, Deadline /*deadline*/) override {
    calls.push_back("sync " + device);
    return {};
  }
  Status each_kernel_message(const std::function<void(std::string_view)>& message) override {
    for (const std::string& line : kernel_messages) message(line);
    return {};
  }

  void advance(std::chrono::milliseconds time) { now_ += time; }
  /// Calls that begin with this word.
  [[nodiscard]] std::vector<std::string> calls_to(const std::string& word) const {
    std::vector<std::string> found;
    for (const std::string& call : calls) {
      if (call.starts_with(word + " ")) found.push_back(call);
    }
    return found;
  }

  std::vector<std::string> calls;
  std::vector<std::string> kernel_messages{"[    0.000000] Linux version of the capture kernel"};
  std::function<Status(const config::PlannedModule&, Deadline)> on_load_module =
      [](const config::PlannedModule&, Deadline) { return Status(); };
  std::function<bool()> on_wait = [] { return false; };
  std::function<Result<DeviceIdentity>(const std::string&, Deadline)> on_identify =
      [](const std::string&, Deadline) { return DeviceIdentity(); };
  std::function<Status(Deadline)> on_mount = [](Deadline) { return Status(); };
  std::function<Result<std::string>(const std::string&)> on_read_lvm =
      [](const std::string&) -> Result<std::string> {
    return make_error(ErrorKind::kNotFound, "no metadata");
  };
  std::function<Result<ThinPoolState>(const std::string&)> on_read_thin_pool =
      [](const std::string&) -> Result<ThinPoolState> {
    return ThinPoolState{1000, 100, 128, false};
  };
  std::function<Result<std::string>(const std::string&)> on_volume_key =
      [](const std::string&) -> Result<std::string> { return std::string("00ff"); };
  std::function<Status(const std::string&, Deadline)> on_connect =
      [](const std::string&, Deadline) { return Status(); };
  Deadline last_event = Deadline::max();  // devices never stop to come
  ProgramEnd on_stream{100, {}, false};
  std::string room;  ///< what kdump-ssh says of the server's
  std::string estimate = "{\"bytes_at_level_31\": 1000}\n";
  std::function<Status()> on_unmount = [] { return Status(); };
  std::function<Result<ProgramEnd>(
      const std::vector<std::string>&, const ProgramObserver&, Deadline)>
      on_run = [](const std::vector<std::string>& argv, const ProgramObserver&, Deadline) {
        return write_output(argv, "what was collected");
      };

  /// What a collector does that works.
  static Result<ProgramEnd> write_output(const std::vector<std::string>& argv,
                                         std::string_view text) {
    const Fd file = TRY(Fd::open(argv.back(), O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY(write_all(file.raw(), text));
    return ProgramEnd{100, {}, false};
  }

 private:
  Deadline now_ = Clock::now();
  unsigned mapped_ = 0;
};

/// Remembers what the machine was told to do; survives all of it.
class FakePower : public Power {
 public:
  Status shut_down(config::FinalAction action, std::chrono::milliseconds /*patience*/) override {
    actions.emplace_back(config::to_string(action));
    return on_shut_down;
  }
  Status reset() override {
    actions.emplace_back("reset");
    return {};
  }
  void stay() override { actions.emplace_back("stay"); }
  Status shell() override {
    actions.emplace_back("shell");
    return on_shell;
  }

  std::vector<std::string> actions;
  Status on_shut_down;
  Status on_shell;
};

/// A log without a console whose record can be read.
inline AgentLog make_log() {
  Fd record(::memfd_create("record", MFD_CLOEXEC));
  ::fcntl(record.raw(), F_SETFL, O_APPEND);
  return {Fd(), std::move(record)};
}

/// A capture kernel after a crash: /proc/vmcore, one block device, the target's mount point.
class CaptureFixture {
 public:
  CaptureFixture() {
    tree.write("/proc/vmcore", "the dead kernel's memory");
    tree.write("/proc/cmdline", "console=ttyS0 elfcorehdr=1015156K\n");
    tree.write("/proc/meminfo", "MemTotal: 160000 kB\nMemFree: 1 kB\nMemAvailable: 120000 kB\n");
    add_device("vda");
    tree.make_directory("/kdumproot");
    plan.kernel_release = "6.1.0-cloud-amd64";
    config::PlannedTarget target;
    config::PlannedFileSystem files;
    target.name = "ext4 UUID=1234-abcd";
    target.host_name = "127.0.0.1";
    target.modules = {{"/lib/a.ko", ""}, {"/lib/b.ko", "x=1"}};
    files.fs_type = "ext4";
    files.device = config::PlannedDevice{config::PlannedDevice::By::kUuid, "1234-abcd"};
    files.mount_flags = 0x400;
    files.mount_data = "data=ordered";
    files.directory = "/var/crash";
    target.place = files;
    plan.targets = {target};
    plan.collector = {"/usr/bin/kdump-collect", "--level", "31"};
    system.on_identify = [this](const std::string& device, Deadline) -> Result<DeviceIdentity> {
      return identities[device];
    };
    identities["/dev/vda"].uuid = "1234-ABCD";
  }

  void add_device(const std::string& name) const {
    tree.write("/sys/class/block/" + name + "/size", "2048\n");
    tree.write("/sys/class/block/" + name + "/dev", "254:" + name + "\n");
    tree.write("/dev/" + name, "");
  }

  /// A second target, on a disk of its own.
  void add_fallback() {
    config::PlannedTarget target = plan.targets[0];
    target.name = "ext4 UUID=5678";
    target.modules = {{"/lib/c.ko", ""}};
    std::get<config::PlannedFileSystem>(target.place).device->value = "5678";
    plan.targets.push_back(target);
    add_device("vdb");
    identities["/dev/vdb"].uuid = "5678";
    tree.make_directory("/kdumproot-2");
  }

  [[nodiscard]] config::PlannedFileSystem& place() {
    return std::get<config::PlannedFileSystem>(plan.targets[0].place);
  }
  [[nodiscard]] CaptureContext context() {
    return {plan, tree.root(), system, log, steps, memory, reserve};
  }
  [[nodiscard]] std::string recorded() const { return log.recorded().value_or(std::string()); }
  /// A file of this dump as seen from the host.
  [[nodiscard]] static std::string dumped(const std::string& name,
                                          const std::string& mount_point = "/kdumproot") {
    return mount_point + "/var/crash/127.0.0.1-2026-11-03-04:05:06/" + name;
  }

  test::TempTree tree;
  config::CapturePlan plan;
  FakeSystem system;
  std::map<std::string, DeviceIdentity> identities;
  AgentLog log = make_log();
  StepClock steps{system, Deadline::max(), -1};
  MemoryWatch memory{tree.root()};
  MemoryReserve reserve;
};

}  // namespace kdump::agent
