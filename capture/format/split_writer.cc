// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/split_writer.h"

#include "base/parallel.h"
#include "capture/format/kdump_writer.h"

#include <algorithm>
#include <numeric>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kWordPages = 64;

/// The bits of a range of page frames in a bitmap that is there already.
class PartOfBitmap final : public BlockStore {
 public:
  PartOfBitmap(const BlockStore& whole, const Range& frames) : whole_(whole), frames_(frames) {}

  /// They are stored in the whole.
  Status store(std::uint64_t /*block*/, const BlockBits& /*bits*/) override { return {}; }

  Result<BlockBits> load(std::uint64_t block) const override {
    BlockBits bits = TRY(whole_.load(block));
    const std::uint64_t first = block * BlockBits::kPages;
    const auto inside = [first](std::uint64_t frame) {
      return std::clamp(frame, first, first + BlockBits::kPages) - first;
    };
    bits.clear(0, inside(frames_.start));
    bits.clear(inside(frames_.end), BlockBits::kPages);
    return bits;
  }

 private:
  const BlockStore& whole_;
  Range frames_;
};

std::vector<Range> overlap(const std::vector<Range>& pages, const Range& frames) {
  std::vector<Range> common;
  for (const Range& range : pages) {
    const Range part{std::max(range.start, frames.start), std::min(range.end, frames.end)};
    if (!part.empty()) common.push_back(part);
  }
  return common;
}

/// The dumped page with this rank.
Result<std::uint64_t> frame_of_rank(const PageBitmap& bitmap, std::uint64_t rank) {
  std::size_t low = 0;
  for (std::size_t high = bitmap.blocks(); high - low > 1;) {
    const std::size_t middle = low + (high - low) / 2;
    (bitmap.rank(middle) <= rank ? low : high) = middle;
  }
  const BlockBits bits = TRY(bitmap.dumped(low));
  const std::uint64_t before = rank - bitmap.rank(low);
  std::uint64_t from = 0;
  for (std::uint64_t to = BlockBits::kPages; to - from > 1;) {
    const std::uint64_t middle = from + (to - from) / 2;
    (bits.count_before(middle) <= before ? from : to) = middle;
  }
  return (bitmap.first_page(low) + from).value();
}

}  // namespace

Result<std::vector<std::uint64_t>> divide_pages(const PageBitmap& bitmap,
                                                std::size_t count,
                                                std::uint64_t block) {
  const std::uint64_t step = std::lcm(std::max<std::uint64_t>(block, 1), kWordPages);
  const std::uint64_t share = bitmap.dumped_pages() / count;
  std::vector<std::uint64_t> starts = {0};
  for (std::size_t i = 1; i < count; ++i) {
    std::uint64_t frame = 0;
    if (share > 0) frame = TRY(frame_of_rank(bitmap, share * i));
    starts.push_back(std::max(starts.back(), frame - frame % step));
  }
  return starts;
}

SplitWriter::SplitWriter(const MemoryImage& image,
                         const DumpGeometry& geometry,
                         HeaderFacts facts,
                         std::vector<Range> pages,
                         std::uint64_t block,
                         const std::vector<std::unique_ptr<Output>>& outputs)
    : image_(image),
      geometry_(geometry),
      facts_(std::move(facts)),
      pages_(std::move(pages)),
      block_(block) {
  for (const auto& output : outputs) parts_.push_back({output.get(), {}, {}});
}

HeaderFacts SplitWriter::facts_of(const Part& part) const {
  HeaderFacts facts = facts_;
  facts.part = part.frames;
  return facts;
}

Status SplitWriter::begin(const PageBitmap& existing, DumpLevel level) {
  facts_.level = level;
  for (Part& part : parts_) {
    part.frames = {};
    TRY(write_headers(*part.output, geometry_, facts_of(part), false));
    TRY(write_notes(*part.output, geometry_, image_));
    TRY(write_existing(*part.output, geometry_, existing));
  }
  return {};
}

Status SplitWriter::divide(const PageBitmap& bitmap) {
  const auto starts = TRY(divide_pages(bitmap, parts_.size(), block_));
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].frames = {starts[i], i + 1 < starts.size() ? starts[i + 1] : geometry_.max_mapnr};
  }
  return {};
}

Status SplitWriter::copy_part(Part& part,
                              const PageBitmap& bitmap,
                              const CopyOptions& options,
                              std::atomic<std::uint64_t>& pages_done) const {
  TRY(write_headers(*part.output, geometry_, facts_of(part), false));
  TRY(write_dumped(*part.output, geometry_, bitmap));
  PartOfBitmap store(selected_, part.frames);
  PageBitmap pages(overlap(pages_, part.frames), store);
  for (std::size_t i = 0; i < pages.blocks(); ++i) {
    TRY(pages.set_dumped(i, TRY(store.load(pages.block_number(i)))));
  }
  pages.finish();
  const DumpPlan plan = plan_dump(geometry_, pages.dumped_pages());
  TRY(part.output->reserve(geometry_.descriptors_offset,
                           plan.data_offset - geometry_.descriptors_offset));
  // What a device held before is no dump now.
  if (!part.output->is_sparse()) TRY(part.output->sync());
  part.counts = TRY(copy_pages(image_,
                               pages,
                               plan,
                               options.codec,
                               options.threads,
                               options.first,
                               *part.output,
                               pages_done));
  return {};
}

Result<CopyCounts> SplitWriter::copy(const PageBitmap& bitmap,
                                     DumpLevel level,
                                     const CopyOptions& options,
                                     std::atomic<std::uint64_t>& pages_done) {
  facts_.level = level;
  TRY(divide(bitmap));
  // Each device has a writer of its own, as far as there are threads.
  const std::size_t at_once = std::min<std::size_t>(parts_.size(), options.threads);
  CopyOptions each = options;
  each.threads = static_cast<unsigned>(options.threads / at_once);
  std::vector<std::size_t> writers(at_once);
  TRY(for_each_item(writers, parts_.size(), [&](std::size_t /*writer*/, std::size_t i) {
    return copy_part(parts_[i], bitmap, each, pages_done);
  }));
  CopyCounts sum;
  for (const Part& part : parts_) sum += part.counts;
  return sum;
}

Status SplitWriter::complete() {
  for (const Part& part : parts_) TRY(part.output->sync());
  for (const Part& part : parts_) {
    TRY(write_headers(*part.output, geometry_, facts_of(part), !image_.incomplete()));
    TRY(part.output->sync());
  }
  return {};
}

}  // namespace kdump::capture
