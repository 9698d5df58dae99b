// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/mkdumprd/test_host.h"

#include "base/io.h"
#include "base/subprocess.h"
#include "base/text.h"

#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace kdump::mkdumprd::test {
namespace {

constexpr const char* kPciDevice = "/sys/devices/pci0000:00/0000:00:04.0";
constexpr const char* kVirtioDevice = "/sys/devices/pci0000:00/0000:00:04.0/virtio1";

void put(std::string& bytes, std::size_t at, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

std::string uuid_bytes(std::string_view uuid) {
  std::string bytes;
  std::string digits;
  for (const char c : uuid) {
    if (c != '-') digits += c;
  }
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(parse_hex(digits.substr(i, 2)).value());
  }
  return bytes;
}

}  // namespace

std::string ext4_bytes(std::string_view uuid) {
  // struct ext4_super_block (fs/ext4/ext4.h) at offset 1024
  constexpr std::size_t kSuper = 1024;
  std::string bytes(std::size_t{1} << 20U, '\0');
  put(bytes, kSuper + 0x00, 64, 4);      // s_inodes_count
  put(bytes, kSuper + 0x04, 1024, 4);    // s_blocks_count
  put(bytes, kSuper + 0x38, 0xEF53, 2);  // s_magic
  put(bytes, kSuper + 0x4C, 1, 4);       // s_rev_level
  put(bytes, kSuper + 0x5C, 0x0004, 4);  // s_feature_compat: has_journal
  put(bytes, kSuper + 0x60, 0x0040, 4);  // s_feature_incompat: extents
  bytes.replace(kSuper + 0x68, 16, uuid_bytes(uuid));
  bytes.replace(kSuper + 0x78, std::string_view(kLabel).size(), kLabel);
  return bytes;
}

TestHost::TestHost() {
  tree_.make_directory("/usr/lib64");
  tree_.make_directory("/usr/lib");
  tree_.link("/lib", "usr/lib");
  tree_.link("/lib64", "usr/lib64");
  tree_.make_directory("/var/crash");
  tree_.write("/proc/sys/kernel/osrelease", std::string(kRelease) + "\n");
  tree_.write("/proc/filesystems", "nodev\tproc\n");
  tree_.write("/proc/modules", "");
  mount_table(
      "20 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
      "21 20 254:16 / /var/crash rw,noatime - ext4 /dev/vdb rw,errors=remount-ro\n");
  add_disk(kVirtioDevice, "vdb", "254:16");
  tree_.write("/dev/vdb", ext4_bytes());
  add_driver(kPciDevice, "test-pci", "test_bus");
  add_driver(kVirtioDevice, "test_disk", "test_disk");
  tree_.write(std::string(kPciDevice) + "/modalias", "pci:v00001AF4d00001001sv0sd0bc01sc00i00\n");
  tree_.write(std::string(kVirtioDevice) + "/modalias", "virtio:d00000002v00001AF4\n");
}

void TestHost::add_disk(const std::string& parent,
                        const std::string& name,
                        const std::string& number) {
  const std::string path = parent + "/block/" + name;
  tree_.write(path + "/dev", number + "\n");
  tree_.write(path + "/uevent", "DEVNAME=" + name + "\n");
  tree_.make_directory(path + "/slaves");
  tree_.make_directory(path + "/holders");
  tree_.link("/sys/dev/block/" + number, "../../.." + path);
  tree_.link("/sys/class/block/" + name, "../../.." + path);
}

void TestHost::add_partition(const std::string& disk_path,
                             const std::string& name,
                             const std::string& number) {
  const std::string path = disk_path + "/" + name;
  tree_.write(path + "/dev", number + "\n");
  tree_.write(path + "/partition", "1\n");
  tree_.link("/sys/dev/block/" + number, "../../.." + path);
  tree_.link("/sys/class/block/" + name, "../../.." + path);
}

void TestHost::add_driver(const std::string& device,
                          const std::string& driver,
                          const std::string& module) {
  const std::string folder = "/sys/bus/test/drivers/" + driver;
  tree_.make_directory(folder);
  tree_.write("/sys/module/" + module + "/initstate", "live\n");
  tree_.link(folder + "/module", "../../../../module/" + module);
  // As many steps up as the device has folders above it.
  std::string up;
  for (std::size_t i = 2; i < split(device, '/').size(); ++i) up += "../";
  tree_.link(device + "/driver", up + folder.substr(std::string_view("/sys/").size()));
}

std::string test_part(const std::string& name) {
  auto bytes = read_file(std::string(KDUMP_TEST_PARTS) + "/" + name);
  if (!bytes) throw std::runtime_error(bytes.error().message);
  return std::move(*bytes);
}

void TestHost::add_modules() const {
  const std::string folder = std::string("/usr/lib/modules/") + kRelease;
  for (const char* name : {"test_bus", "test_crc", "test_disk", "test_fs", "test_led"}) {
    tree_.write(folder + "/kernel/" + name + ".ko",
                test_part("modules/" + std::string(name) + ".cc.o"));
  }
  tree_.write(folder + "/modules.order", "");
  tree_.write(folder + "/modules.builtin.modinfo", "");
  tree_.write(folder + "/modules.builtin", "kernel/built_in_one.ko\nkernel/fs/nfs/nfs.ko\n");
  const auto result =
      run_command({KDUMP_DEPMOD, "-b", tree_.folder(), kRelease}, std::chrono::seconds(30));
  if (!result) throw std::runtime_error(result.error().message);
  if (!result->status.success()) throw std::runtime_error("depmod: " + result->status.describe());
}

void TestHost::add_programs() const {
  const std::string program = test_part("programs/mkdumprd_test_plain");
  tree_.write("/usr/libexec/kdump/kdump-agent", program);
  tree_.write("/usr/bin/kdump-collect", program);
  tree_.write("/usr/lib64/ld-test.so.2", test_part("programs/libdeep.so.1"));
  for (const char* library : {"libc.so.6", "libmiddle.so.1", "libdeep.so.1"}) {
    tree_.write("/usr/lib64/" + std::string(library),
                test_part("programs/" + std::string(library)));
  }
}

}  // namespace kdump::mkdumprd::test
