// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/kdump_reader.h"

#include "base/io.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy.h>
#include <zstd.h>

#include <bit>
#include <cstring>
#include <memory>

namespace kdump::capture::test {
namespace {

template <typename T>
T field(std::string_view bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

Error bad(std::string_view what) { return make_error(ErrorKind::kBadData, "{}", what); }

Result<std::string> unpack_zlib(std::string_view data, std::size_t size) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> decoder(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::string out(size, '\0');
  std::size_t got = 0;
  if (libdeflate_zlib_decompress(decoder.get(), data.data(), data.size(), out.data(), size, &got) !=
          LIBDEFLATE_SUCCESS ||
      got != size) {
    return bad("zlib page");
  }
  return out;
}

Result<std::string> unpack_zstd(std::string_view data, std::size_t size) {
  // crash wants one frame that says its size.
  if (ZSTD_getFrameContentSize(data.data(), data.size()) != size ||
      ZSTD_findFrameCompressedSize(data.data(), data.size()) != data.size()) {
    return bad("zstd frame");
  }
  std::string out(size, '\0');
  if (ZSTD_decompress(out.data(), size, data.data(), data.size()) != size) return bad("zstd page");
  return out;
}

Result<std::string> unpack_lzo(std::string_view data, std::size_t size) {
  std::string out(size, '\0');
  lzo_uint got = size;
  if (lzo1x_decompress_safe(reinterpret_cast<const unsigned char*>(data.data()),
                            data.size(),
                            reinterpret_cast<unsigned char*>(out.data()),
                            &got,
                            nullptr) != LZO_E_OK ||
      got != size) {
    return bad("lzo page");
  }
  return out;
}

Result<std::string> unpack_snappy(std::string_view data, std::size_t size) {
  std::size_t length = 0;
  std::string out;
  if (!snappy::GetUncompressedLength(data.data(), data.size(), &length) || length != size ||
      !snappy::Uncompress(data.data(), data.size(), &out)) {
    return bad("snappy page");
  }
  return out;
}

}  // namespace

Result<KdumpReader> KdumpReader::open(const std::string& path) {
  KdumpReader reader;
  reader.file_ = TRY(read_file(path, std::size_t{4} << 30U));
  TRY(reader.parse_headers());
  TRY(reader.check_descriptors());
  return reader;
}

Status KdumpReader::parse_headers() {
  const std::string_view file = file_;
  if (file.size() < 8192 || file.substr(0, 8) != "KDUMP   ") return bad("no kdump file");
  version = field<std::int32_t>(file, 8);
  for (std::size_t i = 0; i < 6; ++i) utsname.emplace_back(file.data() + 12 + i * 65);
  tv_sec = field<std::int64_t>(file, 408);
  tv_usec = field<std::int64_t>(file, 416);
  status = field<std::uint32_t>(file, 424);
  block_size = field<std::uint32_t>(file, 428);
  const std::uint64_t sub_blocks = field<std::uint32_t>(file, 432);
  const std::uint64_t bitmap_blocks = field<std::uint32_t>(file, 436);
  nr_cpus = field<std::int32_t>(file, 460);
  if (!std::has_single_bit(block_size) || block_size < 4096) return bad("block size");
  const std::string_view sub = file.substr(block_size, 104);
  phys_base = field<std::uint64_t>(sub, 0);
  dump_level = field<std::int32_t>(sub, 8);
  split = field<std::int32_t>(sub, 12);
  const auto vmcoreinfo_offset = field<std::uint64_t>(sub, 32);
  const auto vmcoreinfo_size = field<std::uint64_t>(sub, 40);
  const auto note_offset = field<std::uint64_t>(sub, 48);
  const auto note_size = field<std::uint64_t>(sub, 56);
  eraseinfo_offset = field<std::uint64_t>(sub, 64);
  eraseinfo_size = field<std::uint64_t>(sub, 72);
  start_pfn = field<std::uint64_t>(sub, 80);
  end_pfn = field<std::uint64_t>(sub, 88);
  max_mapnr = field<std::uint64_t>(sub, 96);
  const std::uint64_t half = bitmap_blocks / 2 * block_size;
  const std::uint64_t bitmaps = (1 + sub_blocks) * block_size;
  descriptors_ = bitmaps + 2 * half;
  if (bitmap_blocks % 2 != 0 || half * 8 < max_mapnr || half * 8 >= max_mapnr + block_size * 8) {
    return bad("bitmap size");
  }
  if (note_offset + note_size > bitmaps || vmcoreinfo_offset + vmcoreinfo_size > bitmaps) {
    return bad("notes reach into the bitmaps");
  }
  if (descriptors_ > file.size()) return bad("file ends inside the bitmaps");
  notes = file.substr(note_offset, note_size);
  vmcoreinfo = file.substr(vmcoreinfo_offset, vmcoreinfo_size);
  bitmap1_ = file.substr(bitmaps, half);
  bitmap2_ = file.substr(bitmaps + half, half);
  std::uint64_t rank = 0;
  for (std::uint64_t word = 0; word < half / 8; ++word) {
    ranks_.push_back(rank);
    const auto kept = field<std::uint64_t>(bitmap2_, word * 8);
    if ((kept & ~field<std::uint64_t>(bitmap1_, word * 8)) != 0)
      return bad("dumped but absent page");
    rank += static_cast<std::uint64_t>(std::popcount(kept));
  }
  // crash adds whole words of the bitmap up.
  if (split != 0 && (start_pfn % 64 != 0 || start_pfn > end_pfn || end_pfn > max_mapnr)) {
    return bad("range of a split file");
  }
  return {};
}

Status KdumpReader::check_descriptors() const {
  const std::uint64_t count = split == 0 ? dumped_pages() : rank_of(end_pfn) - rank_of(start_pfn);
  if (descriptors_ + count * 24 > file_.size()) return bad("file ends inside the descriptors");
  const std::uint64_t data = descriptors_ + count * 24;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto offset = field<std::uint64_t>(file_, descriptors_ + i * 24);
    const auto size = field<std::uint32_t>(file_, descriptors_ + i * 24 + 8);
    const auto flags = field<std::uint32_t>(file_, descriptors_ + i * 24 + 12);
    if (offset == 0) {
      if (size != 0 || flags != 0) return bad("descriptor without data, but with a size");
      continue;
    }
    if (offset < data || offset + size > file_.size()) return bad("page data outside the file");
    if (size > block_size || (flags == 0 && size != block_size)) return bad("page data size");
  }
  return {};
}

bool KdumpReader::bit(std::string_view bitmap, std::uint64_t pfn) {
  return pfn / 8 < bitmap.size() &&
         (static_cast<unsigned char>(bitmap[pfn / 8]) >> pfn % 8 & 1) != 0;
}

std::uint64_t KdumpReader::existing_pages() const {
  std::uint64_t count = 0;
  for (const char c : bitmap1_) {
    count += static_cast<std::uint64_t>(std::popcount(static_cast<unsigned char>(c)));
  }
  return count;
}

std::uint64_t KdumpReader::dumped_pages() const {
  std::uint64_t count = 0;
  for (const char c : bitmap2_) {
    count += static_cast<std::uint64_t>(std::popcount(static_cast<unsigned char>(c)));
  }
  return count;
}

std::uint64_t KdumpReader::rank_of(std::uint64_t pfn) const {
  if (pfn / 64 >= ranks_.size()) return dumped_pages();
  const auto word = field<std::uint64_t>(bitmap2_, pfn / 64 * 8);
  const std::uint64_t below = word & ((std::uint64_t{1} << pfn % 64) - 1);
  return ranks_[pfn / 64] + static_cast<std::uint64_t>(std::popcount(below));
}

KdumpReader::Record KdumpReader::record(std::uint64_t pfn) const {
  const std::uint64_t rank = rank_of(pfn) - (split == 0 ? 0 : rank_of(start_pfn));
  const std::uint64_t at = descriptors_ + rank * 24;
  return {field<std::uint64_t>(file_, at),
          field<std::uint32_t>(file_, at + 8),
          field<std::uint32_t>(file_, at + 12)};
}

Result<std::string> KdumpReader::page(std::uint64_t pfn) const {
  if (!in_file(pfn)) return make_error(ErrorKind::kNotFound, "page {:#x} is not dumped", pfn);
  const Record found = record(pfn);
  if (found.offset == 0) return make_error(ErrorKind::kUnreadable, "page {:#x} has no data", pfn);
  const std::string_view data = std::string_view(file_).substr(found.offset, found.size);
  switch (found.flags) {
    case 0:
      return std::string(data);
    case 0x1:
      return unpack_zlib(data, block_size);
    case 0x2:
      return unpack_lzo(data, block_size);
    case 0x4:
      return unpack_snappy(data, block_size);
    case 0x20:
      return unpack_zstd(data, block_size);
    default:
      return bad("unknown codec");
  }
}

}  // namespace kdump::capture::test
