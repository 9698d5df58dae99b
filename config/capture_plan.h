// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "config/fence_plan.h"
#include "config/kdump_config.h"
#include "config/network_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kdump::config {

/// Where the plan lies in the capture image.
inline constexpr const char* kCapturePlanPath = "/etc/kdump/plan.json";
/// Fixed places of the two programs in the capture image.
inline constexpr const char* kImageAgentPath = "/init";
inline constexpr const char* kImageCollectorPath = "/usr/bin/kdump-collect";
/// Where the program that saves on SSH servers lies in the images that have one.
inline constexpr const char* kImageSshPath = "/usr/bin/kdump-ssh";
/// Likewise open-iscsi's program that logs in to a target.
inline constexpr const char* kImageIscsiPath = "/usr/sbin/iscsistart";

/// A kernel module to load, in order. Its file is stored in the image so that the kernel takes it
/// as it is (uncompressed).
struct PlannedModule {
  std::string path;     ///< in the image
  std::string options;  ///< "name=value ..." for finit_module(2)
  friend bool operator==(const PlannedModule&, const PlannedModule&) = default;
};

/// How the target's block device is recognised in the capture kernel, where names may differ.
struct PlannedDevice {
  enum class By {
    kUuid,
    kLabel,
    kPartUuid,
    kPartLabel,
    kWwid,    ///< of a whole disk: what sysfs calls its wwid
    kSerial,  ///< likewise, its serial
    kMapped,  ///< by the agent itself: the device-mapper name of one of the target's volumes
    kPath,
  };
  By by = By::kUuid;
  std::string value;
  friend bool operator==(const PlannedDevice&, const PlannedDevice&) = default;
};

/// A file system to mount and save on.
struct PlannedFileSystem {
  std::string fs_type;
  /// The block device it lies on; nothing when `source` is what is mounted.
  std::optional<PlannedDevice> device;
  std::string source;             ///< "192.0.2.1:/export", a virtiofs tag; "" with a device
  std::uint64_t mount_flags = 0;  ///< MS_* of mount(2); never MS_RDONLY
  std::string mount_data;         ///< file-system specific options for mount(2)
  std::string directory;          ///< dump path relative to the file system's root, begins with '/'
  friend bool operator==(const PlannedFileSystem&, const PlannedFileSystem&) = default;
};

/// An export of an NFS server. Every pair of address and version is tried until one mounts or the
/// deadline has passed.
struct PlannedNfs {
  std::string server;                  ///< as the administrator calls it
  std::string export_path;             ///< "/export"
  std::vector<std::string> addresses;  ///< of the server, in the order of preference
  std::vector<std::string> versions;   ///< "4.2", "3" ..., likewise
  std::uint64_t mount_flags = 0;       ///< MS_* of mount(2); never MS_RDONLY
  std::string options;                 ///< text options without vers=, addr= and proto=
  std::string directory;               ///< dump path relative to the export, begins with '/'
  friend bool operator==(const PlannedNfs&, const PlannedNfs&) = default;
};

/// A folder on an SSH server. Each address is tried until one answers or the deadline has passed.
struct PlannedSsh {
  std::string server;                  ///< as the administrator calls it
  std::vector<std::string> addresses;  ///< of the server, in the order of preference
  unsigned port = 22;
  std::string user;
  std::string key;          ///< path in the image: a private key without a passphrase
  std::string known_hosts;  ///< path in the image: the server's keys, by its addresses
  std::string directory;    ///< dump path on the server
  friend bool operator==(const PlannedSsh&, const PlannedSsh&) = default;
};

/// A device or partition to overwrite from its beginning, with a stream in makedumpfile's flattened
/// format.
struct PlannedRaw {
  PlannedDevice device;
  friend bool operator==(const PlannedRaw&, const PlannedRaw&) = default;
};

/// An md array, to be started before what lies on it is looked for.
struct PlannedRaid {
  std::string uuid;      ///< as libblkid gives it for a member
  std::string metadata;  ///< version of the superblocks: "1.2"
  unsigned members = 1;
  friend bool operator==(const PlannedRaid&, const PlannedRaid&) = default;
};

/// An LVM logical volume of linear and striped parts, likewise. Its table is made from the volume
/// group's metadata as the capture kernel finds it on the disks: one that was made on the host
/// could be out of date, and overwrite what has moved there.
struct PlannedLogicalVolume {
  std::string name;  ///< "group-volume", for messages and the device mapper
  std::string uuid;  ///< of the volume, without hyphens
  friend bool operator==(const PlannedLogicalVolume&, const PlannedLogicalVolume&) = default;
};

/// A LUKS2 volume, likewise. Its volume key is not in the image: the crashed kernel has left it for
/// this one (CONFIG_CRASH_DM_CRYPT), which makes a key of it.
struct PlannedEncrypted {
  std::string name;          ///< for messages and the device mapper
  std::string uuid;          ///< of the volume, as libblkid gives it
  std::string cipher;        ///< as dm-crypt takes it: "aes-xts-plain64"
  std::uint64_t offset = 0;  ///< of the encrypted data, in sectors of 512 bytes
  std::uint64_t length = 0;  ///< likewise; 0: to the end of the device
  std::uint64_t iv_offset = 0;
  unsigned sector_size = 512;  ///< of the encryption, in bytes
  friend bool operator==(const PlannedEncrypted&, const PlannedEncrypted&) = default;
};

/// A disk with several ways to it (dm-multipath), likewise. Its paths are told by what the disk
/// says of itself, through each of them the same.
struct PlannedMultipath {
  std::string name;  ///< for messages and the device mapper
  std::string uuid;  ///< for the device mapper: "mpath-36001405..."
  std::string wwid;  ///< of the disk, as sysfs has it: "naa.6001405..."
  /// Of the SCSI device handler that the paths have ("alua"); "" without one.
  std::string handler;
  /// Behind which device of the host each path was: "0000:00:05.0".
  std::vector<std::string> paths;
  friend bool operator==(const PlannedMultipath&, const PlannedMultipath&) = default;
};

/// A partition of such a disk, of which the kernel makes none by itself.
struct PlannedPartition {
  std::string name;     ///< for messages and the device mapper
  std::string disk;     ///< the multipath device's uuid
  unsigned number = 1;  ///< in the partition table
  friend bool operator==(const PlannedPartition&, const PlannedPartition&) = default;
};

/// A session with an iSCSI target, whose disks appear when it is logged in to; the target's network
/// is up by then.
struct PlannedIscsi {
  std::string initiator;  ///< this host's name: "iqn.1993-08.org.debian:01:..."
  std::string target;     ///< "iqn..."
  unsigned group = 1;     ///< target portal group tag
  std::string address;    ///< of the portal
  unsigned port = 3260;
  /// CHAP: who this host is, and who the target has to be. "" without.
  std::string user;
  std::string password;
  std::string target_user;
  std::string target_password;
  friend bool operator==(const PlannedIscsi&, const PlannedIscsi&) = default;
};

using PlannedVolume = std::variant<PlannedRaid,
                                   PlannedLogicalVolume,
                                   PlannedEncrypted,
                                   PlannedMultipath,
                                   PlannedPartition,
                                   PlannedIscsi>;
using PlannedPlace = std::variant<PlannedFileSystem, PlannedRaw, PlannedNfs, PlannedSsh>;

/// Where a dump goes, and what the capture kernel needs to get there.
struct PlannedTarget {
  std::string name;  ///< as the administrator calls it, for messages
  /// Directory prefix: "127.0.0.1" for local targets, this host's address for others.
  std::string host_name;
  std::vector<PlannedModule> modules;     ///< loaded when the target's turn comes
  std::optional<PlannedNetwork> network;  ///< then brought up
  std::vector<PlannedVolume> volumes;     ///< then set up, in this order
  PlannedPlace place;
  friend bool operator==(const PlannedTarget&, const PlannedTarget&) = default;
};

/// Where the reason and the crashed kernel's messages go when no target took anything
/// (config/spill_area.h).
struct PlannedSpill {
  PlannedTarget target;    ///< its place is a PlannedRaw
  std::uint64_t size = 0;  ///< bytes at its head that may be used
  friend bool operator==(const PlannedSpill&, const PlannedSpill&) = default;
};

/// A program of the administrator's, at its place in the image.
struct PlannedHook {
  std::string path;
  bool decides = false;  ///< kdump_pre alone: when it fails, nothing is saved
  friend bool operator==(const PlannedHook&, const PlannedHook&) = default;
};

/// The sessions among a target's volumes: they need its network.
[[nodiscard]] std::vector<PlannedIscsi> iscsi_sessions(const PlannedTarget& target);

/// In the order in which they run.
struct PlannedHooks {
  std::vector<PlannedHook> pre;        ///< before saving
  std::vector<PlannedHook> post;       ///< after it, with its exit status as their argument
  std::vector<PlannedHook> emergency;  ///< when nothing could be saved
  friend bool operator==(const PlannedHooks&, const PlannedHooks&) = default;
};

/// Seconds each step may take; past it the step has failed.
struct PlannedDeadlines {
  unsigned device = 60;
  unsigned network = 120;  ///< until the cards are there and have a link
  unsigned mount = 60;
  unsigned dmesg = 60;
  unsigned collect = 3600 * 4;
  unsigned stall = 300;  ///< a collector that does nothing for so long is stuck
  unsigned sync = 600;
  unsigned hook = 600;        ///< each hook
  unsigned total = 3600 * 6;  ///< from the agent's start to the final action, whatever happens
  friend bool operator==(const PlannedDeadlines&, const PlannedDeadlines&) = default;
};

/// What the agent does, compiled and checked on the host by mkdumprd: it parses no configuration in
/// the worst hour of the machine. Stored as JSON in the image.
struct CapturePlan {
  /// Bumped when a field changes its meaning; the agent refuses another number.
  static constexpr int kVersion = 2;

  std::string kernel_release;          ///< the kernel the modules are for; information only
  std::vector<PlannedModule> modules;  ///< loaded first, whatever the target
  /// Tried in this order until one has taken the dump; at least one.
  std::vector<PlannedTarget> targets;
  std::optional<PlannedSpill> spill;  ///< when none of them took anything
  /// The collector's argv without input and output, which the agent appends.
  std::vector<std::string> collector;
  PlannedHooks hooks;
  unsigned keep_dumps = 0;      ///< of this host on a target, the new one included; 0: all
  std::uint64_t keep_free = 0;  ///< bytes that a dump leaves free on a file system
  std::optional<PlannedFenceKdump> fence_kdump;  ///< who waits for messages, if anybody does
  bool watchdog = false;  ///< the host had a hardware watchdog running: it is fed
  PlannedDeadlines deadlines;
  FailureAction failure_action = FailureAction::kReboot;
  FinalAction final_action = FinalAction::kReboot;
  friend bool operator==(const CapturePlan&, const CapturePlan&) = default;
};

/// Pretty-printed JSON with keys in a fixed order (the image must be reproducible). All text must
/// be UTF-8, as everything out of check_kdump_conf() is: bytes that are not become U+FFFD. What
/// capture_plan_from_json() would refuse is not checked here.
[[nodiscard]] std::string to_json(const CapturePlan& plan);

/// Strict, and safe on hostile text: kBadData names the field that is missing, unknown, of the
/// wrong type or out of range. Paths must be absolute and without `..`, deadlines between one
/// second and thirty days.
Result<CapturePlan> capture_plan_from_json(std::string_view text);

}  // namespace kdump::config
