// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_writer.h"

#include "capture/format/kdump_format.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::size_t kNoteCopyStep = std::size_t{256} << 10U;

void put_text(std::array<char, Utsname::kFieldSize>& field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size() - 1), field.begin());
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Status write_headers(Output& output,
                     const DumpGeometry& geometry,
                     const HeaderFacts& facts,
                     bool complete) {
  KdumpHeader header;
  header.signature = kKdumpSignature;
  header.version = kKdumpVersion;
  put_text(header.utsname[0], facts.utsname.sysname);
  put_text(header.utsname[1], facts.utsname.nodename);
  put_text(header.utsname[2], facts.utsname.release);
  put_text(header.utsname[3], facts.utsname.version);
  put_text(header.utsname[4], facts.utsname.machine);
  put_text(header.utsname[5], facts.utsname.domainname);
  header.tv_sec = facts.crash_time;
  header.status = codec_flag(facts.codec) | (complete ? 0U : kIncomplete);
  header.block_size = static_cast<std::int32_t>(geometry.shift.page_size());
  header.sub_header_blocks = static_cast<std::int32_t>(geometry.sub_header_blocks);
  header.bitmap_blocks = static_cast<std::uint32_t>(geometry.bitmap_blocks);
  header.max_mapnr = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(geometry.max_mapnr, std::numeric_limits<std::uint32_t>::max()));
  header.nr_cpus = static_cast<std::int32_t>(std::clamp<std::uint32_t>(
      facts.notes.cpus, 1, std::uint32_t{std::numeric_limits<std::int32_t>::max()}));

  KdumpSubHeader sub;
  sub.phys_base = facts.phys_base;
  sub.dump_level = static_cast<std::int32_t>(facts.level.bits());
  sub.offset_note = geometry.note_size > 0 ? geometry.note_offset : 0;
  sub.size_note = geometry.note_size;
  if (facts.notes.vmcoreinfo) {
    sub.offset_vmcoreinfo = geometry.note_offset + facts.notes.vmcoreinfo->offset;
    sub.size_vmcoreinfo = facts.notes.vmcoreinfo->size;
  }
  sub.max_mapnr_64 = geometry.max_mapnr;
  TRY(output.write_at(geometry.shift.page_size(), bytes_of(sub)));
  return output.write_at(0, bytes_of(header));
}

Status write_notes(Output& output, const DumpGeometry& geometry, const MemoryImage& image) {
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(kNoteCopyStep, geometry.note_size)));
  for (std::uint64_t at = 0; at < geometry.note_size; at += buffer.size()) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), geometry.note_size - at)));
    TRY(image.read_notes(at, part));
    TRY(output.write_at(geometry.note_offset + at, part));
  }
  return {};
}

Status write_existing(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap) {
  for (std::size_t i = 0; i < bitmap.blocks(); ++i) {
    const BlockBits bits = bitmap.existing(i);
    TRY(output.write_at(geometry.bitmap1_offset + bitmap.block_number(i) * sizeof(BlockBits),
                        bits.bytes()));
  }
  return {};
}

Status OutputBitmap::store(std::uint64_t block, const BlockBits& bits) {
  return output_.write_at(offset_ + block * sizeof(BlockBits), bits.bytes());
}

Result<BlockBits> OutputBitmap::load(std::uint64_t block) const {
  BlockBits bits;
  TRY(output_.read_at(offset_ + block * sizeof(BlockBits), bits.writable_bytes()));
  return bits;
}

}  // namespace kdump::capture
