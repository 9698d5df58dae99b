// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_file.h"

#include <algorithm>

namespace kdump::capture {
namespace {

// The firmware's memory map has some dozens; this bounds what a garbled bitmap costs.
constexpr std::size_t kMaxRuns = std::size_t{1} << 20U;
constexpr std::uint64_t kDescriptorWindow = 256;
constexpr std::uint64_t kDataWindow = std::uint64_t{128} << 10U;

}  // namespace

Result<KdumpFile> KdumpFile::open(std::unique_ptr<DumpFile> file) {
  KdumpHeaders headers = TRY(read_kdump_headers(*file));
  KdumpFile opened(std::move(file), std::move(headers));
  TRY(opened.read_bitmaps());
  return opened;
}

Result<BlockBits> KdumpFile::load(std::uint64_t bitmap_offset, std::uint64_t number) const {
  BlockBits bits;
  const std::uint64_t at = number * sizeof(BlockBits);
  if (at >= headers_.bitmap_size) return bits;
  const auto part = bits.writable_bytes().first(static_cast<std::size_t>(
      std::min<std::uint64_t>(sizeof(BlockBits), headers_.bitmap_size - at)));
  TRY(file_->read(bitmap_offset + at, part));
  const std::uint64_t end = headers_.max_mapnr - number * BlockBits::kPages;
  if (end < BlockBits::kPages) bits.clear(end, BlockBits::kPages);
  return bits;
}

Result<BlockBits> KdumpFile::dumped(std::uint64_t number) const {
  return load(headers_.bitmap2_offset, number);
}

Status KdumpFile::read_bitmaps() {
  const std::uint64_t blocks = (headers_.max_mapnr + BlockBits::kPages - 1) / BlockBits::kPages;
  for (std::uint64_t number = 0; number < blocks; ++number) {
    BlockBits exist = TRY(load(headers_.bitmap1_offset, number));
    const BlockBits dumped = TRY(this->dumped(number));
    const std::uint64_t count = dumped.count();
    if (count > 0) {
      blocks_.push_back({number, dumped_});
      dumped_ += count;
      const std::uint64_t known = exist.count();
      exist.add(dumped);
      stray_ += exist.count() - known;
    }
    TRY(add_runs(number, exist));
  }
  return {};
}

Status KdumpFile::add_runs(std::uint64_t number, const BlockBits& bits) {
  const std::uint64_t first = number * BlockBits::kPages;
  for (std::uint64_t page = bits.next_set(0); page < BlockBits::kPages;) {
    const std::uint64_t end = bits.next_clear(page);
    if (!pages_.empty() && pages_.back().end == first + page) {
      pages_.back().end = first + end;
    } else {
      if (pages_.size() == kMaxRuns) {
        return make_error(
            ErrorKind::kBadData, "the bitmaps are damaged: more than {} runs of pages", kMaxRuns);
      }
      pages_.push_back({first + page, first + end});
    }
    page = end == BlockBits::kPages ? end : bits.next_set(end);
  }
  return {};
}

std::optional<std::uint64_t> KdumpFile::rank(std::uint64_t number) const {
  const auto block = std::lower_bound(
      blocks_.begin(), blocks_.end(), number, [](const Block& candidate, std::uint64_t wanted) {
        return candidate.number < wanted;
      });
  if (block == blocks_.end() || block->number != number) return std::nullopt;
  return block->rank;
}

KdumpPageReader::KdumpPageReader(const KdumpFile& file)
    : file_(&file), page_(static_cast<std::size_t>(file.headers().shift.page_size())) {}

Result<PageDescriptor> KdumpPageReader::descriptor(Pfn pfn) {
  const std::uint64_t number = pfn.value() / BlockBits::kPages;
  const std::uint64_t index = pfn.value() % BlockBits::kPages;
  if (block_ != number) {
    block_.reset();
    const auto rank = file_->rank(number);
    if (!rank) return make_error(ErrorKind::kNotFound, "page {} is not in the dump", pfn);
    bits_ = TRY(file_->dumped(number));
    rank_ = *rank;
    block_ = number;
  }
  if (!bits_.test(index)) {
    return make_error(ErrorKind::kNotFound, "page {} is not in the dump", pfn);
  }
  const std::uint64_t rank = rank_ + bits_.count_before(index);
  if (rank - first_descriptor_ >= descriptors_.size()) {
    first_descriptor_ = align_down(rank, kDescriptorWindow);
    const std::uint64_t offset =
        file_->headers().descriptors_offset + first_descriptor_ * sizeof(PageDescriptor);
    const std::uint64_t size = file_->file().size();
    const std::uint64_t there = offset < size ? (size - offset) / sizeof(PageDescriptor) : 0;
    descriptors_.resize(static_cast<std::size_t>(std::min(kDescriptorWindow, there)));
    auto status = file_->file().read(offset, std::as_writable_bytes(std::span(descriptors_)));
    if (!status) {
      descriptors_.clear();
      return std::move(status).error();
    }
  }
  if (rank - first_descriptor_ >= descriptors_.size()) {
    return make_error(
        ErrorKind::kUnreadable, "the file ends before the descriptor of page {}", pfn);
  }
  return descriptors_[static_cast<std::size_t>(rank - first_descriptor_)];
}

Result<std::span<const std::byte>> KdumpPageReader::record(const PageDescriptor& descriptor) {
  const std::uint64_t offset = descriptor.offset;
  const std::uint64_t size = descriptor.size;
  const std::uint64_t end = file_->file().size();
  if (offset > end || size > end - offset) {
    return make_error(ErrorKind::kUnreadable, "its data lies behind the end of the file");
  }
  if (offset < window_offset_ || offset - window_offset_ > window_.size() ||
      size > window_.size() - (offset - window_offset_)) {
    window_offset_ = offset;
    window_.resize(static_cast<std::size_t>(std::min(std::max(kDataWindow, size), end - offset)));
    auto status = file_->file().read(offset, window_);
    if (!status) {
      window_.clear();
      return std::move(status).error();
    }
  }
  return std::span<const std::byte>(window_).subspan(
      static_cast<std::size_t>(offset - window_offset_), static_cast<std::size_t>(size));
}

Result<std::span<const std::byte>> KdumpPageReader::page(Pfn pfn) {
  if (decoded_ == pfn) return std::span<const std::byte>(page_);
  const PageDescriptor found = TRY(descriptor(pfn));
  if (found.offset == 0) {
    return make_error(ErrorKind::kUnreadable, "the dump has no data for page {}", pfn);
  }
  if (found.size == 0 || found.size > page_.size()) {
    return make_error(
        ErrorKind::kBadData, "page {}: a record of {} bytes", pfn, std::uint32_t{found.size});
  }
  auto data = record(found);
  if (!data) return std::move(data).error().with_context(fmt::format("page {}", pfn));
  decoded_.reset();
  auto status = decoder_.decode(found.flags, *data, page_);
  if (!status) return std::move(status).error().with_context(fmt::format("page {}", pfn));
  decoded_ = pfn;
  return std::span<const std::byte>(page_);
}

}  // namespace kdump::capture
