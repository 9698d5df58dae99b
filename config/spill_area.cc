// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/spill_area.h"

#include "base/crc32.h"
#include "base/io.h"

#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <vector>

namespace kdump::config {
namespace {

/// What a hostile header may make of a packed text.
constexpr std::uint64_t kMostText = std::uint64_t{128} << 20U;
constexpr int kZstdLevel = 3;
constexpr std::size_t kCheckedHeader = offsetof(SpillHeader, header_crc);

/// The last `size` bytes, from the beginning of a line on.
std::string_view tail(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  text.remove_prefix(text.size() - size);
  const std::size_t newline = text.find('\n');
  return newline == std::string_view::npos ? text : text.substr(newline + 1);
}

std::string_view view_of(const SpillHeader& header, std::size_t size = sizeof(SpillHeader)) {
  return {reinterpret_cast<const char*>(&header), size};  // NOLINT
}

void seal(SpillHeader& header) {
  header.header_crc = crc32(as_bytes(view_of(header, kCheckedHeader)));
}

struct PackedDmesg {
  std::string bytes;
  SpillHeader::Packing packing = SpillHeader::kPlain;
  std::size_t text_size = 0;
};

PackedDmesg pack_dmesg(std::string_view dmesg, std::size_t room) {
  if (dmesg.size() <= room) return {std::string(dmesg), SpillHeader::kPlain, dmesg.size()};
  std::string bytes(room, '\0');
  // Each try drops a quarter of what did not fit.
  for (std::string_view text = tail(dmesg, kMostText); text.size() > room;
       text = tail(text, text.size() - text.size() / 4)) {
    const std::size_t size =
        ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), kZstdLevel);
    if (ZSTD_isError(size) != 0U) continue;
    bytes.resize(size);
    return {std::move(bytes), SpillHeader::kZstd, text.size()};
  }
  const std::string_view text = tail(dmesg, room);
  return {std::string(text), SpillHeader::kPlain, text.size()};
}

/// Nothing when there is no header that can be understood.
Result<std::optional<SpillHeader>> read_header(int fd) {
  std::array<std::byte, sizeof(SpillHeader)> bytes{};
  TRY(read_exact_at(fd, bytes, 0));
  SpillHeader header;
  std::memcpy(&header, bytes.data(), bytes.size());
  if (std::string_view(header.magic.data(), header.magic.size()) != SpillHeader::kMagic) {
    return std::optional<SpillHeader>();
  }
  if (header.header_crc != crc32(as_bytes(view_of(header, kCheckedHeader)))) {
    return make_error(ErrorKind::kBadData, "the spill area's header has a wrong checksum");
  }
  if (header.version != SpillHeader::kVersion) {
    return make_error(ErrorKind::kBadData,
                      "the spill area has format {}, this program understands {}",
                      static_cast<std::uint32_t>(header.version),
                      SpillHeader::kVersion);
  }
  return std::optional(header);
}

Status check_sizes(const SpillHeader& header) {
  const bool fits = header.record_size <= kMostSpillArea && header.dmesg_size <= kMostSpillArea &&
                    header.text_size <= kMostText &&
                    (header.packing == SpillHeader::kZstd || header.text_size == header.dmesg_size);
  const bool known = header.packing == SpillHeader::kPlain || header.packing == SpillHeader::kZstd;
  if (fits && known) return {};
  return make_error(ErrorKind::kBadData, "the spill area's header contradicts itself");
}

Result<std::string> read_part(
    int fd, std::uint64_t offset, std::uint64_t size, std::uint32_t crc, const char* name) {
  std::string text(static_cast<std::size_t>(size), '\0');
  TRY(read_exact_at(fd, std::as_writable_bytes(std::span(text.data(), text.size())), offset));
  if (crc32(as_bytes(text)) == crc) return text;
  return make_error(ErrorKind::kBadData, "the {} in the spill area has a wrong checksum", name);
}

Result<std::string> unpack(const SpillHeader& header, std::string bytes) {
  if (header.packing == SpillHeader::kPlain) return bytes;
  // The frame says by itself how long its text is; both have to agree before memory is spent.
  const std::uint64_t size = header.text_size;
  if (ZSTD_getFrameContentSize(bytes.data(), bytes.size()) != size) {
    return make_error(ErrorKind::kBadData, "the messages in the spill area are damaged");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0U || got != text.size()) {
    return make_error(ErrorKind::kBadData, "the messages in the spill area are damaged");
  }
  return text;
}

Status sync(int fd) {
  return ::fsync(fd) == 0 ? Status() : system_error(errno, "cannot sync the spill area");
}

}  // namespace

Result<std::string> pack_spill_area(std::string_view record,
                                    std::string_view dmesg,
                                    std::uint64_t size) {
  if (size < kLeastSpillArea) {
    return make_error(
        ErrorKind::kUsage, "a spill area needs {} bytes, this one has {}", kLeastSpillArea, size);
  }
  const auto room = static_cast<std::size_t>(std::min(size, kMostSpillArea)) - kSpillHeaderRoom;
  const std::string_view kept = record.substr(0, room / 2);
  const PackedDmesg packed = pack_dmesg(dmesg, room - kept.size());

  SpillHeader header;
  std::copy(SpillHeader::kMagic.begin(), SpillHeader::kMagic.end(), header.magic.begin());
  header.packing = packed.packing;
  header.is_cut = packed.text_size < dmesg.size() ? 1 : 0;
  header.record_size = kept.size();
  header.dmesg_size = packed.bytes.size();
  header.text_size = packed.text_size;
  header.record_crc = crc32(as_bytes(kept));
  header.dmesg_crc = crc32(as_bytes(packed.bytes));
  seal(header);

  std::string out(view_of(header));
  out.resize(kSpillHeaderRoom, '\0');
  out += kept;
  out += packed.bytes;
  return out;
}

Status write_spill_area(int fd, std::string_view bytes) {
  const std::string no_header(kSpillHeaderRoom, '\0');
  TRY(write_all_at(fd, as_bytes(no_header), 0));
  TRY(sync(fd));
  TRY(write_all_at(fd, as_bytes(bytes.substr(kSpillHeaderRoom)), kSpillHeaderRoom));
  TRY(sync(fd));
  TRY(write_all_at(fd, as_bytes(bytes.substr(0, kSpillHeaderRoom)), 0));
  return sync(fd);
}

Result<std::optional<SpillContent>> read_spill_area(int fd) {
  const auto header = TRY(read_header(fd));
  if (!header || header->state == SpillHeader::kTaken) return std::optional<SpillContent>();
  TRY(check_sizes(*header));
  SpillContent content;
  content.record =
      TRY(read_part(fd, kSpillHeaderRoom, header->record_size, header->record_crc, "record"));
  std::string packed = TRY(read_part(fd,
                                     kSpillHeaderRoom + header->record_size,
                                     header->dmesg_size,
                                     header->dmesg_crc,
                                     "kernel log"));
  content.dmesg = TRY(unpack(*header, std::move(packed)));
  content.is_cut = header->is_cut != 0;
  return std::optional(std::move(content));
}

Status mark_spill_area_taken(int fd) {
  auto header = TRY(read_header(fd));
  if (!header) return make_error(ErrorKind::kNotFound, "there is no spill area");
  header->state = SpillHeader::kTaken;
  seal(*header);
  TRY(write_all_at(fd, as_bytes(view_of(*header)), 0));
  return sync(fd);
}

}  // namespace kdump::config
