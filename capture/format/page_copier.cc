// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_copier.h"

#include "base/parallel.h"
#include "capture/format/kdump_format.h"
#include "capture/format/page_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20U;
constexpr std::size_t kBufferBytes = std::size_t{512} << 10U;
constexpr std::size_t kMaxPendingDescriptors = 8192;
// Pages that are fetched at once; they stay in the processor's cache until they are compressed.
constexpr std::size_t kRunBytes = std::size_t{64} << 10U;

/// What all workers share.
struct CopyJob {
  const MemoryImage& image;
  const PageBitmap& bitmap;
  const CopyOrder& order;
  const DumpPlan& plan;
  std::uint32_t codec_flag;
  Output& output;
  std::atomic<std::uint64_t>& pages_done;
  std::mutex writing{};
};

/// One thread's part: pages in, ranges of the output file out.
class CopyWorker {
 public:
  CopyWorker(CopyJob& job, std::unique_ptr<PageCodec> codec)
      : job_(&job),
        reader_(job.image, job.plan.geometry.shift),
        codec_(std::move(codec)),
        page_size_(static_cast<std::size_t>(job.plan.geometry.shift.page_size())),
        record_bound_(std::max(page_size_, codec_ ? codec_->bound() : 0)),
        pages_(std::max(kRunBytes, page_size_) + page_size_),
        buffer_(std::max(kBufferBytes, record_bound_)) {
    descriptors_.reserve(kMaxPendingDescriptors);
  }

  enum class Part {
    kFirst,  ///< the piece was chosen to come before others
    kRest,   ///< what did not come first
  };
  Status copy_piece(const CopyPiece& piece, Part part) {
    const std::size_t block = piece.block;
    if (job_->bitmap.dumped_in_block(block) == 0) return {};
    if (!loaded_block_ || *loaded_block_ != block) {
      loaded_block_.reset();
      bits_ = TRY(job_->bitmap.dumped(block));
      rest_ = bits_;
      static_cast<void>(job_->order.pass_over_first(block, rest_));
      loaded_block_ = block;
    }
    const BlockBits& wanted = part == Part::kFirst ? bits_ : rest_;
    std::uint64_t counted = piece.begin;
    std::uint64_t rank = job_->bitmap.rank(block) + bits_.count_before(counted);
    for (std::uint64_t page = wanted.next_set(piece.begin); page < piece.end;) {
      const std::uint64_t run_end = std::min(wanted.next_clear(page), piece.end);
      // Pages that came first have their ranks too.
      for (counted = bits_.next_set(counted); counted < page;
           counted = bits_.next_set(counted + 1)) {
        ++rank;
      }
      TRY(copy_run(job_->bitmap.first_page(block) + page, run_end - page, rank));
      rank += run_end - page;
      counted = run_end;
      page = wanted.next_set(run_end);
    }
    return {};
  }

  Status finish() {
    TRY(flush());
    return settle_previous();
  }

  [[nodiscard]] const CopyCounts& counts() const { return counts_; }

 private:
  /// Descriptors that follow each other in the table.
  struct Batch {
    std::uint64_t rank = 0;
    std::size_t count = 0;
  };

  Status copy_run(Pfn first, std::uint64_t count, std::uint64_t rank) {
    while (count > 0) {
      keep_previous();
      const auto room = std::span(pages_).subspan(page_size_);
      const std::size_t wanted = std::min<std::uint64_t>(count, room.size() / page_size_);
      std::size_t fetched = reader_.read_run(first, room.first(wanted * page_size_));
      for (std::size_t i = 0; i < fetched; ++i) {
        TRY(add_page(room.subspan(i * page_size_, page_size_), rank + i));
      }
      // One by one, where some of them are not there or cannot be read.
      for (; fetched < wanted; ++fetched) {
        const auto page = room.first(page_size_);
        keep_previous();
        TRY(reader_.read(first + fetched, page) ? add_page(page, rank + fetched)
                                                : add_unreadable(rank + fetched));
      }
      first = first + fetched;
      rank += fetched;
      count -= fetched;
    }
    return {};
  }

  /// What the next page is compared with is not to be overwritten by it.
  void keep_previous() {
    if (previous_ == nullptr || previous_ == pages_.data()) return;
    std::memcpy(pages_.data(), previous_, page_size_);
    previous_ = pages_.data();
  }

  Status add_page(std::span<const std::byte> page, std::uint64_t rank) {
    TRY(make_room());
    PageDescriptor descriptor;
    if (is_zero_page(page)) {
      ++counts_.zero;
      descriptor.offset = job_->plan.zero_page_offset;
      descriptor.size = static_cast<std::uint32_t>(page_size_);
    } else if (previous_ != nullptr && std::memcmp(page.data(), previous_, page_size_) == 0) {
      ++counts_.repeated;
      descriptor = record_;
      if (!record_written_) pending_.push_back(descriptors_.size());
    } else {
      store(page, descriptor);
    }
    add_descriptor(descriptor, rank);
    return {};
  }

  Status add_unreadable(std::uint64_t rank) {
    TRY(make_room());
    ++counts_.unreadable;
    add_descriptor({}, rank);
    return {};
  }

  void add_descriptor(const PageDescriptor& descriptor, std::uint64_t rank) {
    if (batches_.empty() || batches_.back().rank + batches_.back().count != rank) {
      batches_.push_back({rank, 0});
    }
    ++batches_.back().count;
    ++counts_.pages;
    descriptors_.push_back(descriptor);
  }

  /// The offset is relative to the buffer until flush() knows where that goes; it is told from the
  /// others by `pending_`.
  void store(std::span<const std::byte> page, PageDescriptor& descriptor) {
    const auto into = std::span(buffer_).subspan(used_);
    std::size_t size = codec_ ? codec_->compress(page, into) : 0;
    if (size == 0 || size >= page_size_) {
      std::copy(page.begin(), page.end(), into.begin());
      size = page_size_;
      ++counts_.raw;
    } else {
      descriptor.flags = job_->codec_flag;
    }
    pending_.push_back(descriptors_.size());
    descriptor.offset = used_;
    descriptor.size = static_cast<std::uint32_t>(size);
    used_ += size;
    counts_.data_bytes += size;
    record_ = descriptor;
    record_written_ = false;
    previous_ = page.data();
  }

  /// Files take one write at a time. Whoever finds another at it goes on compressing, as long as
  /// there is room.
  Status make_room() {
    const bool full =
        buffer_.size() - used_ < record_bound_ || descriptors_.size() == kMaxPendingDescriptors;
    if (full) return flush();
    if (used_ < buffer_.size() / 2 && descriptors_.size() < kMaxPendingDescriptors / 2) return {};
    std::unique_lock lock(job_->writing, std::try_to_lock);
    return lock ? flush(std::move(lock)) : Status();
  }

  Status flush() { return flush(std::unique_lock(job_->writing)); }

  Status flush(std::unique_lock<std::mutex> lock) {
    const std::uint64_t start = TRY(job_->output.append(std::span(buffer_).first(used_)));
    for (const std::size_t index : pending_) {
      descriptors_[index].offset = descriptors_[index].offset + start;
    }
    if (!std::exchange(record_written_, true)) record_.offset = record_.offset + start;
    std::size_t first = 0;
    for (const Batch& batch : batches_) {
      TRY(job_->output.write_at(
          job_->plan.descriptor_offset(batch.rank),
          std::as_bytes(std::span(descriptors_).subspan(first, batch.count))));
      first += batch.count;
    }
    lock.unlock();
    TRY(job_->output.start_writeback(start, used_));
    job_->pages_done += descriptors_.size();
    TRY(settle_previous());
    previous_range_ = {start, start + used_};
    used_ = 0;
    descriptors_.clear();
    pending_.clear();
    batches_.clear();
    return {};
  }

  Status settle_previous() {
    const Range range = std::exchange(previous_range_, Range{});
    if (range.empty()) return {};
    return job_->output.finish_writeback(range.start, range.size());
  }

  CopyJob* job_;
  PageReader reader_;
  std::unique_ptr<PageCodec> codec_;
  std::size_t page_size_;
  std::size_t record_bound_;
  std::vector<std::byte> pages_;  ///< room for one that is kept, then those of a run
  // The page compressed last: poison patterns and freed objects fill many pages with the same.
  const std::byte* previous_ = nullptr;
  PageDescriptor record_;
  bool record_written_ = true;  ///< record_.offset is one of the file
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::vector<PageDescriptor> descriptors_;
  std::vector<std::size_t> pending_;
  std::vector<Batch> batches_;
  Range previous_range_;
  std::optional<std::size_t> loaded_block_;
  BlockBits bits_;
  BlockBits rest_;  ///< without the pages that come first
  CopyCounts counts_;
};

/// The first of the data, from the end of the descriptors on.
Status write_zero_page(const DumpPlan& plan, Output& output) {
  const std::uint64_t start = plan.descriptor_offset(plan.pages);
  output.append_from(start);
  const std::vector<std::byte> zeros(static_cast<std::size_t>(plan.data_offset - start));
  static_cast<void>(TRY(output.append(zeros)));
  return {};
}

}  // namespace

CopyCounts& CopyCounts::operator+=(const CopyCounts& other) {
  pages += other.pages;
  zero += other.zero;
  unreadable += other.unreadable;
  repeated += other.repeated;
  raw += other.raw;
  data_bytes += other.data_bytes;
  file_end = std::max(file_end, other.file_end);
  return *this;
}

Result<CopyCounts> copy_pages(const MemoryImage& image,
                              const PageBitmap& bitmap,
                              const DumpPlan& plan,
                              const CodecChoice& codec,
                              unsigned threads,
                              const std::vector<RangeSet>& first,
                              Output& output,
                              std::atomic<std::uint64_t>& pages_done) {
  TRY(write_zero_page(plan, output));
  const std::uint64_t page_size = plan.geometry.shift.page_size();
  // Pieces begin at whole words of the bitmap.
  const CopyOrder order(
      bitmap, first, std::clamp<std::uint64_t>(kPieceBytes / page_size, 64, BlockBits::kPages));
  CopyJob job{image, bitmap, order, plan, codec_flag(codec.kind), output, pages_done};
  std::vector<CopyWorker> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back(job, TRY(make_codec(codec, static_cast<std::size_t>(page_size))));
  }
  const std::size_t first_pieces = order.first().size();
  TRY(for_each_item(workers, first_pieces + order.pieces(), [&](CopyWorker& worker, std::size_t i) {
    return i < first_pieces
               ? worker.copy_piece(order.first()[i], CopyWorker::Part::kFirst)
               : worker.copy_piece(order.piece(i - first_pieces), CopyWorker::Part::kRest);
  }));
  CopyCounts counts;
  for (CopyWorker& worker : workers) {
    TRY(worker.finish());
    counts += worker.counts();
  }
  counts.file_end = output.end();
  return counts;
}

}  // namespace kdump::capture
