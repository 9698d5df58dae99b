// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/file_record.h"

#include "base/sha256.h"

#include <cerrno>
#include <sys/stat.h>

namespace kdump::ctl {
namespace {

struct SizeAndTime {
  std::uint64_t size = 0;
  std::int64_t modified = 0;
};

Result<SizeAndTime> look_at(const std::string& host_path) {
  struct stat info {};
  if (::stat(host_path.c_str(), &info) != 0)
    return system_error(errno, "cannot look at {}", host_path);
  return SizeAndTime{.size = static_cast<std::uint64_t>(info.st_size),
                     .modified = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 +
                                 std::int64_t{info.st_mtim.tv_nsec}};
}

}  // namespace

Result<FileRecord> record_file(const SysRoot& root,
                               const std::string& path,
                               std::span<const std::byte> content) {
  const SizeAndTime now = TRY(look_at(root.path(path)));
  if (content.size() < now.size) {
    return make_error(
        ErrorKind::kSystem, "{} has grown while it was read; try again", root.path(path));
  }
  const std::string hash = TRY(sha256_of(content.first(now.size)));
  return FileRecord{.path = path, .size = now.size, .modified = now.modified, .sha256 = hash};
}

Result<FileRecord> record_file(const SysRoot& root, const std::string& path) {
  const std::string file = root.path(TRY(root.resolve(path)));
  const SizeAndTime now = TRY(look_at(file));
  const std::string hash = TRY(sha256_of_file(file));
  return FileRecord{.path = path, .size = now.size, .modified = now.modified, .sha256 = hash};
}

bool has_changed(const SysRoot& root, const FileRecord& record) {
  const std::string host_path = root.path(record.path);
  const auto now = look_at(host_path);
  if (!now || now->size != record.size) return true;
  if (now->modified == record.modified) return false;
  return !holds_content_of(host_path, record);
}

bool holds_content_of(const std::string& host_path, const FileRecord& record) {
  const auto now = look_at(host_path);
  return now && now->size == record.size && sha256_of_file(host_path).value_or("") == record.sha256;
}

}  // namespace kdump::ctl
