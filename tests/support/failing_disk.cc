// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/failing_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace kdump::test {
namespace {

constexpr std::uint64_t kFirstFile = FUSE_ROOT_ID + 1;
constexpr std::size_t kMaxWrite = std::size_t{128} << 10U;
// FUSE_MIN_READ_BUFFER and the largest write with its header.
constexpr std::size_t kRequestBytes = kMaxWrite + 8192;

fuse_attr attributes(std::uint64_t node, const std::string& path) {
  struct stat info {};
  static_cast<void>(::stat(path.c_str(), &info));
  fuse_attr attr{};
  attr.ino = node;
  attr.size = static_cast<std::uint64_t>(info.st_size);
  attr.blocks = static_cast<std::uint64_t>(info.st_blocks);
  attr.mode = info.st_mode;
  attr.nlink = 1;
  attr.blksize = 4096;
  return attr;
}

}  // namespace

struct FailingDisk::Request {
  fuse_in_header header{};
  const std::byte* body = nullptr;

  template <typename T>
  [[nodiscard]] T as() const {
    T value{};
    std::memcpy(&value, body, sizeof(T));
    return value;
  }
  /// A name behind `skip` bytes.
  [[nodiscard]] std::string name(std::size_t skip = 0) const {
    return reinterpret_cast<const char*>(body + skip);
  }
};

Result<std::unique_ptr<FailingDisk>> FailingDisk::mount(const std::string& backing,
                                                        const std::string& mount_point) {
  auto device = Fd::open("/dev/fuse", O_RDWR);
  if (!device) {
    return make_error(ErrorKind::kUnsupported, "no FUSE here: {}", device.error().message);
  }
  const std::string options =
      fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", device->raw());
  if (::mount("failing-disk", mount_point.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) !=
      0) {
    return make_error(ErrorKind::kUnsupported, "FUSE cannot be mounted: {}", std::strerror(errno));
  }
  return std::unique_ptr<FailingDisk>(new FailingDisk(*std::move(device), backing, mount_point));
}

FailingDisk::FailingDisk(Fd device, std::string backing, std::string mount_point)
    : device_(std::move(device)),
      backing_(std::move(backing)),
      mount_point_(std::move(mount_point)),
      thread_([this] { serve(); }) {}

FailingDisk::~FailingDisk() {
  static_cast<void>(::umount2(mount_point_.c_str(), MNT_DETACH));
  thread_.join();
}

void FailingDisk::set_faults(const std::string& name, Faults faults) {
  const std::lock_guard lock(mutex_);
  faults_[name] = std::move(faults);
}

void FailingDisk::serve() {
  std::vector<std::byte> buffer(kRequestBytes);
  for (;;) {
    const ssize_t size = ::read(device_.raw(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    // ENODEV: it was unmounted.
    if (size < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
    Request request;
    std::memcpy(&request.header, buffer.data(), sizeof(request.header));
    request.body = buffer.data() + sizeof(request.header);
    answer(request);
  }
}

void FailingDisk::reply(const Request& request, int error, const void* data, std::size_t size) {
  fuse_out_header header{};
  header.unique = request.header.unique;
  header.error = -error;
  header.len = static_cast<std::uint32_t>(sizeof(header) + size);
  iovec parts[2] = {{&header, sizeof(header)}, {const_cast<void*>(data), size}};  // NOLINT: iovec
  static_cast<void>(::writev(device_.raw(), parts, size > 0 ? 2 : 1));
}

std::string FailingDisk::path_of(std::uint64_t node) const {
  if (node < kFirstFile || node - kFirstFile >= names_.size()) return backing_;
  return backing_ + "/" + names_[node - kFirstFile];
}

std::uint64_t FailingDisk::node_of(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  const auto place = static_cast<std::uint64_t>(found - names_.begin());
  if (found == names_.end()) names_.push_back(name);
  return kFirstFile + place;
}

bool FailingDisk::is_faulty(std::uint64_t node, bool writing, Range bytes) {
  const std::lock_guard lock(mutex_);
  const Faults& faults = faults_[names_[node - kFirstFile]];
  const auto& bad = writing ? faults.unwritable : faults.unreadable;
  const bool hit = std::any_of(bad.begin(), bad.end(), [&](const Range& range) {
    return range.start < bytes.end && bytes.start < range.end;
  });
  if (hit) ++failed_;
  return hit;
}

void FailingDisk::reply_entry(const Request& request, std::uint64_t node, bool with_open) {
  struct {
    fuse_entry_out entry{};
    fuse_open_out open{};
  } out;
  out.entry.nodeid = node;
  out.entry.attr = attributes(node, path_of(node));
  reply(request, 0, &out, with_open ? sizeof(out) : sizeof(out.entry));
}

void FailingDisk::read(const Request& request) {
  const auto in = request.as<fuse_read_in>();
  if (is_faulty(request.header.nodeid, false, {in.offset, in.offset + in.size})) {
    return reply(request, EIO, nullptr, 0);
  }
  std::vector<std::byte> data(in.size);
  const auto file = Fd::open(path_of(request.header.nodeid), O_RDONLY);
  const ssize_t got =
      file ? ::pread(file->raw(), data.data(), data.size(), static_cast<off_t>(in.offset)) : -1;
  if (got < 0) return reply(request, ENOENT, nullptr, 0);
  reply(request, 0, data.data(), static_cast<std::size_t>(got));
}

void FailingDisk::write(const Request& request) {
  const auto in = request.as<fuse_write_in>();
  if (is_faulty(request.header.nodeid, true, {in.offset, in.offset + in.size})) {
    return reply(request, EIO, nullptr, 0);
  }
  const auto file = Fd::open(path_of(request.header.nodeid), O_WRONLY);
  const ssize_t done =
      file
          ? ::pwrite(file->raw(), request.body + sizeof(in), in.size, static_cast<off_t>(in.offset))
          : -1;
  if (done < 0) return reply(request, ENOENT, nullptr, 0);
  fuse_write_out out{};
  out.size = static_cast<std::uint32_t>(done);
  reply(request, 0, &out, sizeof(out));
}

void FailingDisk::answer(const Request& request) {
  const std::uint64_t node = request.header.nodeid;
  switch (request.header.opcode) {
    case FUSE_INIT: {
      const auto in = request.as<fuse_init_in>();
      fuse_init_out out{};
      out.major = FUSE_KERNEL_VERSION;
      out.minor = std::min<std::uint32_t>(in.minor, FUSE_KERNEL_MINOR_VERSION);
      out.max_readahead = in.max_readahead;
      out.flags = in.flags & FUSE_BIG_WRITES;
      out.max_write = kMaxWrite;
      return reply(request, 0, &out, sizeof(out));
    }
    case FUSE_LOOKUP: {
      const std::string name = request.name();
      struct stat info {};
      if (::stat((backing_ + "/" + name).c_str(), &info) != 0) {
        return reply(request, ENOENT, nullptr, 0);
      }
      return reply_entry(request, node_of(name), false);
    }
    case FUSE_CREATE: {
      const auto in = request.as<fuse_create_in>();
      const std::string name = request.name(sizeof(in));
      const auto made = Fd::open(backing_ + "/" + name, O_CREAT | O_WRONLY | O_TRUNC, in.mode);
      if (!made) return reply(request, EACCES, nullptr, 0);
      return reply_entry(request, node_of(name), true);
    }
    case FUSE_SETATTR: {
      const auto in = request.as<fuse_setattr_in>();
      if ((in.valid & FATTR_SIZE) != 0 &&
          ::truncate(path_of(node).c_str(), static_cast<off_t>(in.size)) != 0) {
        return reply(request, EIO, nullptr, 0);
      }
    }
      [[fallthrough]];
    case FUSE_GETATTR: {
      fuse_attr_out out{};
      out.attr = attributes(node, path_of(node));
      return reply(request, 0, &out, sizeof(out));
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
      fuse_open_out out{};
      const std::lock_guard lock(mutex_);
      if (node >= kFirstFile && faults_[names_[node - kFirstFile]].uncached) {
        out.open_flags = FOPEN_DIRECT_IO;
      }
      return reply(request, 0, &out, sizeof(out));
    }
    case FUSE_READ:
      return read(request);
    case FUSE_WRITE:
      return write(request);
    case FUSE_FSYNC: {
      const std::lock_guard lock(mutex_);
      const bool fails = faults_[names_[node - kFirstFile]].sync_fails;
      if (fails) ++failed_;
      return reply(request, fails ? EIO : 0, nullptr, 0);
    }
    case FUSE_STATFS: {
      const fuse_statfs_out out{};
      return reply(request, 0, &out, sizeof(out));
    }
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FSYNCDIR:
    case FUSE_ACCESS:
      return reply(request, 0, nullptr, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;  // no answer is expected
    default:
      return reply(request, ENOSYS, nullptr, 0);
  }
}

}  // namespace kdump::test
