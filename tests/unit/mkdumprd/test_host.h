// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/sys_root.h"
#include "tests/support/temp_tree.h"

#include <string>
#include <string_view>

namespace kdump::mkdumprd::test {

inline constexpr const char* kRelease = "6.9.0-test";
inline constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
inline constexpr const char* kLabel = "dumps";

/// A superblock that libblkid takes for ext4 with kUuid and kLabel; nothing can mount it.
std::string ext4_bytes(std::string_view uuid = kUuid);

/// A host as text files: merged /usr, a running kernel, one virtio disk (254:16, /dev/vdb) with an
/// ext4 file system on /var/crash.
class TestHost {
 public:
  TestHost();

  /// A block device below `parent` ("/sys/devices/..."), with its links in /sys/dev/block and
  /// /sys/class/block.
  void add_disk(const std::string& parent, const std::string& name, const std::string& number);
  /// A partition of a disk that add_disk() made.
  void add_partition(const std::string& disk_path,
                     const std::string& name,
                     const std::string& number);
  /// A device with a driver behind which stands a loadable module.
  void add_driver(const std::string& device, const std::string& driver, const std::string& module);
  void mount_table(std::string_view mountinfo) const {
    tree_.write("/proc/self/mountinfo", mountinfo);
  }
  /// The test modules in /lib/modules/kRelease, and depmod.
  void add_modules() const;
  /// The test programs: /usr/libexec/kdump/kdump-agent, /usr/bin/kdump-collect, their libraries.
  void add_programs() const;

  [[nodiscard]] const kdump::test::TempTree& tree() const { return tree_; }
  [[nodiscard]] SysRoot root() const { return tree_.root(); }

 private:
  kdump::test::TempTree tree_;
};

/// A file that the build made for these tests.
std::string test_part(const std::string& name);

}  // namespace kdump::mkdumprd::test
