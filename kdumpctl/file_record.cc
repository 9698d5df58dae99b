// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/file_record.h"

#include "base/io.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <sys/stat.h>

namespace kdump::ctl {
namespace {

constexpr std::size_t kMaxFile = std::size_t{2} << 30U;

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

std::string sha256_of(std::span<const std::byte> content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr) !=
      1) {
    return {};
  }
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

Result<FileRecord> record_file(const SysRoot& root,
                               const std::string& path,
                               std::span<const std::byte> content) {
  const SizeAndTime now = TRY(look_at(root.path(path)));
  if (content.size() < now.size) {
    return make_error(
        ErrorKind::kSystem, "{} has grown while it was read; try again", root.path(path));
  }
  FileRecord record{.path = path,
                    .size = now.size,
                    .modified = now.modified,
                    .sha256 = sha256_of(content.first(now.size))};
  if (record.sha256.empty()) {
    return make_error(ErrorKind::kSystem, "{}: the cryptographic library has no SHA-256", path);
  }
  return record;
}

bool has_changed(const SysRoot& root, const FileRecord& record) {
  const std::string host_path = root.path(record.path);
  const auto now = look_at(host_path);
  if (!now || now->size != record.size) return true;
  if (now->modified == record.modified) return false;
  return !holds_content_of(host_path, record);
}

bool holds_content_of(const std::string& host_path, const FileRecord& record) {
  const auto content = read_file(host_path, kMaxFile);
  return content && content->size() == record.size &&
         sha256_of(as_bytes(*content)) == record.sha256;
}

}  // namespace kdump::ctl
