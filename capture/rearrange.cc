// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/rearrange.h"

#include "base/io.h"
#include "capture/distinct_files.h"
#include "capture/format/kdump_format.h"
#include "capture/format/output_file.h"
#include "capture/vmcore/elf_core.h"
#include "capture/vmcore/flattened_format.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <limits>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20U;

Status read_whole(int fd, std::span<std::byte> into) {
  while (!into.empty()) {
    const std::size_t got = TRY(read_some(fd, into));
    if (got == 0) return make_error(ErrorKind::kBadData, "the stream ends too early");
    into = into.subspan(got);
  }
  return {};
}

template <typename T>
Result<T> read_struct(int fd) {
  T value{};
  TRY(read_whole(fd, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

Status copy_records(int fd, Output& output) {
  std::vector<std::byte> buffer(kStep);
  for (;;) {
    const auto record = TRY(read_struct<FlattenedRecord>(fd));
    const std::int64_t offset = record.offset;
    std::int64_t left = record.size;
    if (offset == kFlattenedEnd && left == kFlattenedEnd) return {};
    if (offset < 0 || left < 0 || left > std::numeric_limits<std::int64_t>::max() - offset) {
      return make_error(
          ErrorKind::kBadData, "a record of {} bytes at offset {} is damaged", left, offset);
    }
    for (auto at = static_cast<std::uint64_t>(offset); left > 0;) {
      const auto part =
          std::span(buffer).first(std::min(buffer.size(), static_cast<std::size_t>(left)));
      TRY(read_whole(fd, part));
      TRY(output.write_at(at, part));
      at += part.size();
      left -= static_cast<std::int64_t>(part.size());
    }
  }
}

Status set_flag(Output& output, std::uint64_t offset, std::uint32_t flag) {
  Le32 word;
  TRY(output.read_at(offset, std::as_writable_bytes(std::span(&word, 1))));
  word = word | flag;
  return output.write_at(offset, std::as_bytes(std::span(&word, 1)));
}

Status mark_incomplete(Output& output) {
  std::array<char, kKdumpSignature.size()> signature{};
  TRY(output.read_at(0, std::as_writable_bytes(std::span(signature))));
  if (signature == kKdumpSignature) {
    return set_flag(output, offsetof(KdumpHeader, status), kIncomplete);
  }
  if (std::memcmp(signature.data(), ELFMAG, SELFMAG) == 0) {
    return set_flag(output, offsetof(Elf64_Ehdr, e_flags), kDumpElfIncomplete);
  }
  return {};
}

}  // namespace

Status rearrange(int fd, const std::string& output, bool overwrite) {
  std::array<std::byte, kFlattenedHeaderSize> block{};
  TRY(read_whole(fd, block));
  FlattenedHeader header;
  std::memcpy(&header, block.data(), sizeof(header));
  if (header.signature != kFlattenedSignature || header.type != kFlattenedType ||
      header.version != kFlattenedVersion) {
    return make_error(ErrorKind::kBadData, "the input is not in the flattened format");
  }
  TRY(check_distinct({fmt::format("/proc/self/fd/{}", fd)}, {output}));
  const auto file = TRY(OutputFile::create(output, overwrite));
  auto status = copy_records(fd, *file);
  if (!status && status.error().kind == ErrorKind::kBadData) TRY(mark_incomplete(*file));
  TRY(file->sync());
  TRY(file->close());
  if (!status) return std::move(status).error().with_context(output + " is incomplete");
  return {};
}

}  // namespace kdump::capture
