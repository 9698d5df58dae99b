// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/one_shot.h"

#include "base/fd.h"
#include "base/io.h"
#include "kdumpctl/boot/grub_environment.h"

#include <cerrno>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace kdump::boot {
namespace {

/// In place and of the same size, as GRUB itself writes it: it knows the block by its sectors.
Status clear_grub_variable(const std::string& path, const std::string& variable) {
  const std::string block = TRY(read_file(path));
  GrubEnvironment environment = TRY(GrubEnvironment::parse(block, path));
  if (environment.value(variable).empty()) return {};
  environment.unset(variable);
  const Fd file = TRY(Fd::open(path, O_WRONLY));
  TRY(write_all_at(file.raw(), as_bytes(environment.to_block()), 0));
  if (::fsync(file.raw()) != 0) return system_error(errno, "cannot write {} to the disk", path);
  return {};
}

/// efivarfs protects most variables from being removed by accident (Linux,
/// Documentation/filesystems/efivarfs.rst).
Status clear_efi_variable(const std::string& path) {
  auto file = Fd::open(path, O_RDONLY);
  if (!file && file.error().kind == ErrorKind::kNotFound) return {};
  if (!file) return file.error();
  int flags = 0;
  if (::ioctl(file->raw(), FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL) != 0) {
    flags &= ~FS_IMMUTABLE_FL;
    if (::ioctl(file->raw(), FS_IOC_SETFLAGS, &flags) != 0) {
      return system_error(errno, "cannot make {} removable", path);
    }
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error(errno, "cannot remove {}", path);
  }
  return {};
}

}  // namespace

Status clear_one_shot(const OneShot& one_shot, const SysRoot& root) {
  const std::string path = root.path(TRY(root.resolve(one_shot.path)));
  return one_shot.kind == OneShot::Kind::kGrubEnvironment
             ? clear_grub_variable(path, one_shot.variable)
             : clear_efi_variable(path);
}

}  // namespace kdump::boot
