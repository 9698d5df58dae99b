// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_copier.h"

#include "base/parallel.h"
#include "capture/format/kdump_format.h"
#include "capture/format/page_reader.h"
#include "capture/vmcore/fault_guard.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20U;
constexpr std::size_t kBufferBytes = std::size_t{512} << 10U;
constexpr std::size_t kMaxPendingDescriptors = 8192;

/// What all workers share.
struct CopyJob {
  const MemoryImage& image;
  const PageBitmap& bitmap;
  const CopyOrder& order;
  const DumpPlan& plan;
  std::uint32_t codec_flag;
  Output& output;
  std::atomic<std::uint64_t>& pages_done;
};

/// One thread's part: pages in, ranges of the output file out.
class CopyWorker {
 public:
  CopyWorker(CopyJob& job, std::unique_ptr<PageCodec> codec)
      : job_(&job),
        view_(job.image.view()),
        codec_(std::move(codec)),
        page_size_(static_cast<std::size_t>(job.plan.geometry.shift.page_size())),
        record_bound_(std::max(page_size_, codec_ ? codec_->bound() : 0)),
        page_(page_size_),
        previous_page_(page_size_),
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
    std::uint64_t done = 0;
    while (done < count) {
      const PhysAddr address = to_phys(first + done, job_->plan.geometry.shift);
      const auto shown = view_->at(address, static_cast<std::size_t>((count - done) * page_size_));
      const std::uint64_t whole = shown ? shown->size() / page_size_ : 0;
      if (whole == 0) {
        TRY(add_page(read_in_parts(job_->image, address, page_), rank + done));
        ++done;
        continue;
      }
      for (std::uint64_t i = 0; i < whole; ++i) {
        const std::byte* const from = shown->data() + i * page_size_;
        const bool readable = without_fault([&] { std::memcpy(page_.data(), from, page_size_); });
        if (i + 1 < whole) prefetch(from + page_size_);
        TRY(add_page(readable, rank + done + i));
      }
      done += whole;
    }
    return {};
  }

  /// The next page comes out of memory while this one is compressed. Asking for it cannot fault.
  void prefetch(const std::byte* page) const {
    constexpr std::size_t kCacheLine = 64;
    for (std::size_t at = 0; at < page_size_; at += kCacheLine) {
      __builtin_prefetch(page + at, 0, 2);
    }
  }

  /// Adds the page in page_, or the note that it could not be read.
  Status add_page(bool readable, std::uint64_t rank) {
    if (buffer_.size() - used_ < record_bound_ || descriptors_.size() == kMaxPendingDescriptors) {
      TRY(flush());
    }
    ++counts_.pages;
    PageDescriptor descriptor;
    if (!readable) {
      ++counts_.unreadable;
    } else if (is_zero_page(page_)) {
      ++counts_.zero;
      descriptor.offset = job_->plan.zero_page_offset;
      descriptor.size = static_cast<std::uint32_t>(page_size_);
    } else if (has_record_ && std::memcmp(page_.data(), previous_page_.data(), page_size_) == 0) {
      ++counts_.repeated;
      descriptor = record_;
      if (!record_written_) pending_.push_back(descriptors_.size());
    } else {
      store(descriptor);
    }
    if (batches_.empty() || batches_.back().rank + batches_.back().count != rank) {
      batches_.push_back({rank, 0});
    }
    ++batches_.back().count;
    descriptors_.push_back(descriptor);
    return {};
  }

  /// The offset is relative to the buffer until flush() knows where that goes; it is told from the
  /// others by `pending_`.
  void store(PageDescriptor& descriptor) {
    const auto into = std::span(buffer_).subspan(used_);
    std::size_t size = codec_ ? codec_->compress(page_, into) : 0;
    if (size == 0 || size >= page_size_) {
      std::copy(page_.begin(), page_.end(), into.begin());
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
    has_record_ = true;
    record_written_ = false;
    page_.swap(previous_page_);
  }

  Status flush() {
    const std::uint64_t start = TRY(job_->output.append(std::span(buffer_).first(used_)));
    for (const std::size_t index : pending_) {
      descriptors_[index].offset = descriptors_[index].offset + start;
    }
    if (!std::exchange(record_written_, true)) record_.offset = record_.offset + start;
    TRY(job_->output.start_writeback(start, used_));
    std::size_t first = 0;
    for (const Batch& batch : batches_) {
      TRY(job_->output.write_at(
          job_->plan.descriptor_offset(batch.rank),
          std::as_bytes(std::span(descriptors_).subspan(first, batch.count))));
      first += batch.count;
    }
    job_->pages_done += descriptors_.size();
    TRY(settle_previous());
    previous_ = {start, start + used_};
    used_ = 0;
    descriptors_.clear();
    pending_.clear();
    batches_.clear();
    return {};
  }

  Status settle_previous() {
    const Range range = std::exchange(previous_, Range{});
    if (range.empty()) return {};
    return job_->output.finish_writeback(range.start, range.size());
  }

  CopyJob* job_;
  std::unique_ptr<MemoryView> view_;
  std::unique_ptr<PageCodec> codec_;
  std::size_t page_size_;
  std::size_t record_bound_;
  std::vector<std::byte> page_;
  // The page compressed last: poison patterns and freed objects fill many pages with the same.
  std::vector<std::byte> previous_page_;
  PageDescriptor record_;
  bool has_record_ = false;
  bool record_written_ = true;  ///< record_.offset is one of the file
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::vector<PageDescriptor> descriptors_;
  std::vector<std::size_t> pending_;
  std::vector<Batch> batches_;
  Range previous_;
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
  for (const std::vector<CopyPiece>& pieces : order.first()) {
    TRY(for_each_item(workers, pieces.size(), [&](CopyWorker& worker, std::size_t i) {
      return worker.copy_piece(pieces[i], CopyWorker::Part::kFirst);
    }));
  }
  TRY(for_each_item(workers, order.pieces(), [&](CopyWorker& worker, std::size_t i) {
    return worker.copy_piece(order.piece(i), CopyWorker::Part::kRest);
  }));
  CopyCounts counts;
  for (CopyWorker& worker : workers) {
    TRY(worker.finish());
    const CopyCounts& part = worker.counts();
    counts.pages += part.pages;
    counts.zero += part.zero;
    counts.unreadable += part.unreadable;
    counts.raw += part.raw;
    counts.repeated += part.repeated;
    counts.data_bytes += part.data_bytes;
  }
  counts.file_end = output.end();
  return counts;
}

}  // namespace kdump::capture
