// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/flattened_file.h"

#include "base/io.h"
#include "capture/vmcore/flattened_format.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace kdump::capture {
namespace {

// 96 MiB of index; 16 GiB of what QEMU writes, which makes the smallest records.
constexpr std::size_t kMaxRecords = std::size_t{1} << 22U;
// Writers leave holes of a few pages. A record far behind the others would make a dump of exabytes.
constexpr std::uint64_t kMaxHoles = std::uint64_t{1} << 30U;

template <typename T>
Result<T> read_struct(const Fd& fd, std::uint64_t offset) {
  T value{};
  TRY(read_exact_at(fd.raw(), std::as_writable_bytes(std::span(&value, 1)), offset));
  return value;
}

}  // namespace

Result<bool> FlattenedFile::recognises(const Fd& fd, std::uint64_t size) {
  if (size < sizeof(FlattenedHeader)) return false;
  // What cannot be read here is told better by who reads it next.
  const auto header = read_struct<FlattenedHeader>(fd, 0);
  return header && header->signature == kFlattenedSignature;
}

Result<std::unique_ptr<FlattenedFile>> FlattenedFile::open(Fd fd, std::uint64_t size) {
  const auto header = TRY(read_struct<FlattenedHeader>(fd, 0));
  if (header.signature != kFlattenedSignature || header.type != kFlattenedType ||
      header.version != kFlattenedVersion) {
    return make_error(ErrorKind::kBadData,
                      "a flattened stream of type {} and version {} is not known",
                      std::int64_t{header.type},
                      std::int64_t{header.version});
  }
  std::unique_ptr<FlattenedFile> file(new FlattenedFile(std::move(fd)));
  TRY(file->read_records(size));
  return file;
}

Status FlattenedFile::read_records(std::uint64_t stream_size) {
  std::vector<Piece> records;
  bool ascending = true;
  std::uint64_t at = kFlattenedHeaderSize;
  for (;;) {
    if (at > stream_size || stream_size - at < sizeof(FlattenedRecord)) {
      cut_off_ = true;
      break;
    }
    const auto record = TRY(read_struct<FlattenedRecord>(fd_, at));
    const std::int64_t offset = record.offset;
    const std::int64_t size = record.size;
    if (offset == kFlattenedEnd && size == kFlattenedEnd) break;
    if (offset < 0 || size < 0 || size > std::numeric_limits<std::int64_t>::max() - offset) {
      return make_error(
          ErrorKind::kBadData, "a record of {} bytes at offset {} is damaged", size, offset);
    }
    at += sizeof(FlattenedRecord);
    Piece piece{static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size), at};
    if (piece.size > stream_size - at) {
      cut_off_ = true;
      piece.size = stream_size - at;
    }
    at += piece.size;
    if (piece.size == 0) continue;
    if (records.size() == kMaxRecords) {
      return make_error(ErrorKind::kUnsupported,
                        "the stream has more than {} records; make a file of it first: "
                        "'kdump-collect makedumpfile -R FILE'",
                        kMaxRecords);
    }
    ascending = ascending && piece.offset >= size_;
    size_ = std::max(size_, piece.offset + piece.size);
    records.push_back(piece);
  }
  pieces_ = ascending ? std::move(records) : last_written(std::move(records));
  std::uint64_t described = 0;
  for (const Piece& piece : pieces_) described += piece.size;
  if (size_ - described > kMaxHoles) {
    return make_error(ErrorKind::kBadData,
                      "the stream is damaged: a dump of {} bytes of which it has {}",
                      size_,
                      described);
  }
  return {};
}

/// Of records that overlap the later one counts. Returns what is left of each, ascending. The
/// records come in the order of the stream, so that a higher place is a later record.
std::vector<FlattenedFile::Piece> FlattenedFile::last_written(std::vector<Piece> records) {
  std::sort(records.begin(), records.end(), [](const Piece& a, const Piece& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.place < b.place;
  });
  const auto earlier = [](const Piece& a, const Piece& b) { return a.place < b.place; };
  // Records that reach `at`, the latest on top.
  std::priority_queue<Piece, std::vector<Piece>, decltype(earlier)> open(earlier);
  std::vector<Piece> pieces;
  std::size_t next = 0;
  std::uint64_t at = 0;
  while (next < records.size() || !open.empty()) {
    if (open.empty()) at = records[next].offset;
    for (; next < records.size() && records[next].offset == at; ++next) open.push(records[next]);
    const Piece top = open.top();
    const std::uint64_t end = top.offset + top.size;
    if (end <= at) {
      open.pop();
      continue;
    }
    const std::uint64_t stop = next < records.size() ? std::min(end, records[next].offset) : end;
    const std::uint64_t place = top.place + (at - top.offset);
    if (!pieces.empty() && pieces.back().offset + pieces.back().size == at &&
        pieces.back().place + pieces.back().size == place) {
      pieces.back().size += stop - at;
    } else {
      pieces.push_back({at, stop - at, place});
    }
    at = stop;
  }
  return pieces;
}

Status FlattenedFile::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > size_ || into.size() > size_ - offset) {
    return make_error(ErrorKind::kUnreadable, "the dump ends before offset {:#x}", offset);
  }
  auto piece = std::upper_bound(
      pieces_.begin(), pieces_.end(), offset, [](std::uint64_t wanted, const Piece& candidate) {
        return wanted < candidate.offset + candidate.size;
      });
  while (!into.empty()) {
    const bool hole = piece == pieces_.end() || piece->offset > offset;
    const std::uint64_t end = piece == pieces_.end() ? size_
                              : hole                 ? piece->offset
                                                     : piece->offset + piece->size;
    const auto part =
        into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end - offset)));
    if (hole) {
      std::fill(part.begin(), part.end(), std::byte{0});
    } else {
      TRY(read_exact_at(fd_.raw(), part, piece->place + (offset - piece->offset)));
      ++piece;
    }
    into = into.subspan(part.size());
    offset += part.size();
  }
  return {};
}

}  // namespace kdump::capture
