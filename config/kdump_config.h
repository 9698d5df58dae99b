// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kdump::config {

/// No target directive: the file system on which `path` lies is the target.
struct PathTarget {};

/// `ext4 UUID=...`, `xfs /dev/vg/lv`, `btrfs LABEL=dump`, or the one `dracut_args --mount "DEV MNT
/// FS OPTS"`.
struct FileSystemTarget {
  std::string fs_type;
  std::string device;       ///< as written: /dev/..., UUID=, LABEL=, PARTUUID=, PARTLABEL=
  std::string mount_point;  ///< only from dracut_args --mount, else ""
  std::string options;      ///< likewise
};

struct RawTarget {
  std::string device;
};

struct NfsTarget {
  std::string server;  ///< name or address, brackets of an IPv6 literal removed
  std::string export_path;
  std::string options;  ///< mount options; only from dracut_args --mount, else ""
};

struct SshTarget {
  std::string user;
  std::string host;
};

struct VirtiofsTarget {
  std::string tag;
};

using DumpTarget =
    std::variant<PathTarget, FileSystemTarget, RawTarget, NfsTarget, SshTarget, VirtiofsTarget>;

/// `spill_device /dev/disk/by-partuuid/... 1M`: where the reason and the messages go when no target
/// took anything.
struct SpillDevice {
  std::string device;      ///< as written: /dev/..., PARTUUID=, PARTLABEL=
  std::uint64_t size = 0;  ///< bytes at its head that may be used; 0: as much as is of use
};

enum class FailureAction { kReboot, kHalt, kPoweroff, kShell, kDumpToRootfs };
enum class FinalAction { kReboot, kHalt, kPoweroff };

/// /etc/kdump.conf after checking: plain settings with defaults filled in, no behaviour.
struct KdumpConfig {
  DumpTarget target = PathTarget{};
  /// Tried one after the other when the target takes no dump; never a PathTarget.
  std::vector<DumpTarget> fallback_targets;
  std::optional<SpillDevice> spill_device;
  std::string path = "/var/crash";  ///< absolute, without a final slash (but for "/")
  /// The core_collector line as words; empty: the native collector with its defaults.
  std::vector<std::string> core_collector;
  unsigned keep_dumps = 0;      ///< of this host on the target, the new one included; 0: all
  std::uint64_t keep_free = 0;  ///< bytes that stay free on the target; 0: none need to
  std::string sshkey = "/root/.ssh/kdump_id_rsa";
  std::string kdump_pre;
  std::string kdump_post;
  std::string kdump_emergency;
  std::vector<std::string> extra_bins;
  std::vector<std::string> extra_modules;
  FailureAction failure_action = FailureAction::kReboot;
  FinalAction final_action = FinalAction::kReboot;
  bool force_rebuild = false;
  bool force_no_rebuild = false;
  bool auto_reset_crashkernel = true;
  std::vector<std::string> fence_kdump_nodes;
  std::vector<std::string> fence_kdump_args;
  /// dracut_args without the --mount that became the target.
  std::vector<std::string> dracut_args;
};

[[nodiscard]] const char* to_string(FailureAction action);
[[nodiscard]] const char* to_string(FinalAction action);
/// The names that to_string() gives; anything else is nothing.
[[nodiscard]] std::optional<FailureAction> parse_failure_action(std::string_view name);
[[nodiscard]] std::optional<FinalAction> parse_final_action(std::string_view name);

}  // namespace kdump::config
