// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/mount_target.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{200};

std::string remedy(const Error& error, const config::PlannedFileSystem& place) {
  switch (error.code) {
    case ENODEV:
      return fmt::format(
          "this kernel cannot mount {0}: its module is not in the image or did not "
          "load; run 'kdumpctl rebuild', see the module messages above",
          place.fs_type);
    case EINVAL:
      return fmt::format(
          "the device has no valid {} file system, or an option of '{}' is unknown to "
          "this kernel; see the kernel's messages",
          place.fs_type,
          place.mount_data);
    case EROFS:
    case EACCES:
      return "the device is read-only; a dump target must be writable";
    case EIO:
    case EUCLEAN:
      return "the file system or its device is damaged; check it with fsck and smartctl";
    default:
      return "see the kernel's messages";
  }
}

}  // namespace

Status make_mount_point(const std::string& mount_point) {
  if (::mkdir(mount_point.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error(errno, "cannot create {}", mount_point);
}

Status check_writable(const std::string& mount_point) {
  struct statvfs info {};
  if (::statvfs(mount_point.c_str(), &info) != 0) {
    return system_error(errno, "cannot examine {}", mount_point);
  }
  if ((info.f_flag & ST_RDONLY) != 0) {
    return make_error(
        ErrorKind::kSystem,
        "the dump target is mounted read-only: the kernel refuses to write to a damaged "
        "file system; check it with fsck");
  }
  return {};
}

bool is_transient_mount_error(const Error& error) {
  switch (error.code) {
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ENOENT:
    case ENOMEDIUM:
    case ENXIO:
      return true;
    default:
      return false;
  }
}

Status mount_target(const CaptureContext& context,
                    const config::PlannedFileSystem& place,
                    const std::string& source,
                    const std::string& mount_point) {
  const Deadline deadline = context.steps.begin(Step::kMount, context.plan.deadlines.mount);
  TRY(make_mount_point(mount_point));
  for (;;) {
    auto status = context.system.mount(source, mount_point, place, deadline);
    if (status) break;
    const Deadline now = context.system.now();
    if (!is_transient_mount_error(status.error()) || now + kRetryInterval >= deadline) {
      Error error = std::move(status).error();
      error.message += "\n" + remedy(error, place);
      return error;
    }
    (void)context.system.wait_for_devices(now + kRetryInterval);  // retried either way
  }
  TRY(check_writable(mount_point));
  context.log.info("mounted {} ({}) on {}", source, place.fs_type, mount_point);
  return {};
}

}  // namespace kdump::agent
