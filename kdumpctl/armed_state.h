// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/file_record.h"
#include "kdumpctl/kexec/kernel_load.h"
#include "kdumpctl/kexec_args.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// One segment of what is loaded.
struct ArmedSegment {
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  friend bool operator==(const ArmedSegment&, const ArmedSegment&) = default;
};

/// What is loaded as panic kernel, as the loading process knew it: /sys only says that something
/// is. Kept in /run/kdump/armed.json (of an initramfs: armed-early.json), which dies with the boot,
/// and names the boot besides.
struct ArmedState {
  std::string kernel_version;
  FileRecord kernel;
  FileRecord image;
  std::string command_line;  ///< as it was given to the loader
  KexecOptions options;
  std::vector<std::string> volume_keys{};  ///< LoadOrder::volume_keys
  kexec::Syscall syscall = kexec::Syscall::kLoad;
  std::string reason;                  ///< for the system call
  std::uint64_t need_bytes = 0;        ///< what it needs in all, as planned; 0: not known
  std::vector<ArmedSegment> segments;  ///< of our layout; the kernel's own is not known
  bool early = false;                  ///< by the initramfs, before the root was mounted
};

/// Nothing when no panic kernel of ours has been loaded in this boot. A file that is damaged is
/// kBadData.
Result<std::optional<ArmedState>> read_armed_state(const SysRoot& root);

/// As that of this boot. World-readable: nothing in it is more secret than /proc/cmdline and /sys.
Status write_armed_state(const SysRoot& root, const ArmedState& state);

/// Success when there is none.
Status remove_armed_state(const SysRoot& root);

}  // namespace kdump::ctl
