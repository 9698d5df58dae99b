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

constexpr std::size_t kStatusOffset = offsetof(KdumpHeader, status);

Le32 status_of(const HeaderFacts& facts, bool complete) {
  return codec_flag(facts.codec) | (complete ? 0U : kIncomplete);
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
  header.status = status_of(facts, complete);
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
  if (facts.part) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
    sub.split = 1;
    sub.start_pfn = std::min(facts.part->start, kMax);
    sub.end_pfn = std::min(facts.part->end, kMax);
    sub.start_pfn_64 = facts.part->start;
    sub.end_pfn_64 = facts.part->end;
  }
  TRY(output.write_at(geometry.shift.page_size(), bytes_of(sub)));
  // Readers fetch whole blocks.
  std::vector<std::byte> block(static_cast<std::size_t>(geometry.shift.page_size()));
  std::memcpy(block.data(), &header, sizeof(header));
  if (!output.is_stream()) return output.write_at(0, block);
  constexpr std::size_t kBehind = kStatusOffset + sizeof(KdumpHeader::status);
  TRY(output.write_at(0, std::span(block).first(kStatusOffset)));
  return output.write_at(kBehind, std::span(block).subspan(kBehind));
}

Status write_status(Output& output, const HeaderFacts& facts, bool complete) {
  return output.write_at(kStatusOffset, bytes_of(status_of(facts, complete)));
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
  const std::uint64_t end = geometry.note_offset + geometry.note_size;
  const std::vector<std::byte> rest(static_cast<std::size_t>(geometry.bitmap1_offset - end));
  return output.write_at(end, rest);
}

namespace {

/// One of the bitmaps, block by block. A sparse output needs no zeros.
template <typename Fetch>
Status write_bitmap(Output& output,
                    std::uint64_t offset,
                    std::uint64_t size,
                    const PageBitmap& bitmap,
                    Fetch fetch) {
  std::uint64_t at = 0;
  const auto write_zeros = [&](std::uint64_t end) -> Status {
    const BlockBits none;
    for (; at < end; at = std::min(end, at + sizeof(BlockBits))) {
      const auto part =
          static_cast<std::size_t>(std::min(end - at, std::uint64_t{sizeof(BlockBits)}));
      if (!output.is_sparse()) TRY(output.write_at(offset + at, none.bytes().first(part)));
    }
    return {};
  };
  for (std::size_t i = 0; i < bitmap.blocks(); ++i) {
    TRY(write_zeros(bitmap.block_number(i) * sizeof(BlockBits)));
    const BlockBits bits = TRY(fetch(i));
    TRY(output.write_at(offset + at, bits.bytes()));
    at += sizeof(BlockBits);
  }
  return write_zeros(size);
}

}  // namespace

Status write_existing(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap) {
  return write_bitmap(output,
                      geometry.bitmap1_offset,
                      geometry.bitmap2_offset - geometry.bitmap1_offset,
                      bitmap,
                      [&](std::size_t i) -> Result<BlockBits> { return bitmap.existing(i); });
}

Status write_dumped(Output& output, const DumpGeometry& geometry, const PageBitmap& bitmap) {
  return write_bitmap(output,
                      geometry.bitmap2_offset,
                      geometry.descriptors_offset - geometry.bitmap2_offset,
                      bitmap,
                      [&](std::size_t i) { return bitmap.dumped(i); });
}

Status OutputBitmap::store(std::uint64_t block, const BlockBits& bits) {
  return output_.write_at(offset_ + block * sizeof(BlockBits), bits.bytes());
}

Result<BlockBits> OutputBitmap::load(std::uint64_t block) const {
  BlockBits bits;
  TRY(output_.read_at(offset_ + block * sizeof(BlockBits), bits.writable_bytes()));
  return bits;
}

KdumpWriter::KdumpWriter(const MemoryImage& image,
                         const DumpGeometry& geometry,
                         HeaderFacts facts,
                         Output& output)
    : image_(image),
      geometry_(geometry),
      facts_(std::move(facts)),
      output_(output),
      output_bitmap_(output, geometry) {}

BlockStore& KdumpWriter::bitmap_store() {
  if (output_.is_sparse()) return output_bitmap_;
  return memory_bitmap_;
}

Status KdumpWriter::write_front(const PageBitmap& bitmap) {
  front_written_ = true;
  TRY(write_headers(output_, geometry_, facts_, false));
  TRY(write_notes(output_, geometry_, image_));
  return write_existing(output_, geometry_, bitmap);
}

Status KdumpWriter::begin(const PageBitmap& existing, DumpLevel level) {
  facts_.level = level;
  return output_.is_stream() ? Status() : write_front(existing);
}

Result<CopyCounts> KdumpWriter::copy(const PageBitmap& bitmap,
                                     DumpLevel level,
                                     const CopyOptions& options,
                                     std::atomic<std::uint64_t>& pages_done) {
  facts_.level = level;
  if (output_.is_stream()) TRY(write_front(bitmap));
  if (!output_.is_sparse()) TRY(write_dumped(output_, geometry_, bitmap));
  const DumpPlan plan = plan_dump(geometry_, bitmap.dumped_pages());
  TRY(output_.reserve(geometry_.descriptors_offset,
                      plan.data_offset - geometry_.descriptors_offset));
  // A stream that is cut off later has all of this, and what a device held before is no dump now.
  if (!output_.is_sparse()) TRY(output_.sync());
  return copy_pages(
      image_, bitmap, plan, options.codec, options.threads, options.first, output_, pages_done);
}

Status KdumpWriter::complete() {
  TRY(output_.sync());
  const bool whole = !image_.incomplete();
  TRY(output_.is_stream() ? write_status(output_, facts_, whole)
                          : write_headers(output_, geometry_, facts_, whole));
  return output_.sync();
}

Status KdumpWriter::abandon() {
  if (!output_.is_stream() || !front_written_) return {};
  return write_status(output_, facts_, false);
}

}  // namespace kdump::capture
