// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/save_stream.h"

#include "base/io.h"
#include "capture/vmcore/flattened_format.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

namespace kdump::ssh {
namespace {

constexpr std::size_t kBuffer = std::size_t{256} << 10U;

Status read_whole(int fd, std::span<std::byte> into) {
  while (!into.empty()) {
    const std::size_t got = TRY(read_some(fd, into));
    if (got == 0) return make_error(ErrorKind::kBadData, "the collector's stream ends too early");
    into = into.subspan(got);
  }
  return {};
}

Status check_header(int fd) {
  std::array<std::byte, capture::kFlattenedHeaderSize> block{};
  TRY(read_whole(fd, block));
  capture::FlattenedHeader header;
  std::memcpy(&header, block.data(), sizeof(header));
  if (header.signature == capture::kFlattenedSignature && header.type == capture::kFlattenedType &&
      header.version == capture::kFlattenedVersion) {
    return {};
  }
  return make_error(ErrorKind::kBadData, "the collector wrote no stream in the flattened format");
}

}  // namespace

Result<std::uint64_t> save_bytes(int fd, RemoteFile& file) {
  std::vector<std::byte> buffer(kBuffer);
  std::uint64_t at = 0;
  for (;;) {
    const std::size_t got = TRY(read_some(fd, buffer));
    if (got == 0) return at;
    TRY(file.write_at(at, std::span(buffer).first(got)));
    at += got;
  }
}

Result<std::uint64_t> save_flattened(int fd, RemoteFile& file) {
  TRY(check_header(fd));
  std::vector<std::byte> buffer(kBuffer);
  std::uint64_t length = 0;
  for (;;) {
    capture::FlattenedRecord record;
    TRY(read_whole(fd, std::as_writable_bytes(std::span(&record, 1))));
    const std::int64_t offset = record.offset;
    const std::int64_t size = record.size;
    if (offset == capture::kFlattenedEnd && size == capture::kFlattenedEnd) return length;
    if (offset < 0 || size < 0 || size > std::numeric_limits<std::int64_t>::max() - offset) {
      return make_error(
          ErrorKind::kBadData, "a record of {} bytes at offset {} is damaged", size, offset);
    }
    auto at = static_cast<std::uint64_t>(offset);
    for (auto left = static_cast<std::uint64_t>(size); left > 0;) {
      const auto part =
          std::span(buffer).first(std::min(buffer.size(), static_cast<std::size_t>(left)));
      TRY(read_whole(fd, part));
      TRY(file.write_at(at, part));
      at += part.size();
      left -= part.size();
    }
    length = std::max(length, at);
  }
}

}  // namespace kdump::ssh
