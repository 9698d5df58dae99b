// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/elf_page_copier.h"

#include "base/address_range.h"
#include "base/parallel.h"
#include "capture/format/page_reader.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20U;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;

/// What all workers share.
struct ElfCopyJob {
  const MemoryImage& image;
  const PageBitmap& bitmap;
  const CopyOrder& order;
  PageShift shift;
  std::uint64_t data_offset;
  Output& output;
  std::atomic<std::uint64_t>& pages_done;
};

/// One thread's part. Pages of consecutive ranks lie behind each other in the file, so the buffer
/// holds a stretch of the file whatever gaps there are in memory.
class ElfCopyWorker {
 public:
  explicit ElfCopyWorker(const ElfCopyJob& job)
      : job_(&job),
        reader_(job.image, job.shift),
        page_size_(static_cast<std::size_t>(job.shift.page_size())),
        buffer_(std::max(kBufferBytes, page_size_)) {}

  /// `rest`: the pages of the piece that did not come first.
  Status copy_piece(const CopyPiece& piece, bool rest) {
    const std::size_t block = piece.block;
    if (job_->bitmap.dumped_in_block(block) == 0) return {};
    const BlockBits bits = TRY(job_->bitmap.dumped(block));
    BlockBits wanted = bits;
    if (rest) static_cast<void>(job_->order.pass_over_first(block, wanted));
    const Pfn first = job_->bitmap.first_page(block);
    std::uint64_t rank = job_->bitmap.rank(block) + bits.count_before(piece.begin);
    for (std::uint64_t page = bits.next_set(piece.begin); page < piece.end;
         page = bits.next_set(page + 1), ++rank) {
      if (wanted.test(page)) {
        TRY(add_page(first + page, rank));
      } else {
        TRY(flush());
      }
      if (page + 1 == BlockBits::kPages) break;
    }
    TRY(flush());
    return settle_previous();
  }

  [[nodiscard]] const CopyCounts& counts() const { return counts_; }

 private:
  Status add_page(Pfn pfn, std::uint64_t rank) {
    if (used_ == buffer_.size()) TRY(flush());
    if (used_ == 0) start_ = job_->data_offset + (rank << job_->shift.bits);
    const auto into = std::span(buffer_).subspan(used_, page_size_);
    ++counts_.pages;
    if (!reader_.read(pfn, into)) {
      ++counts_.unreadable;
      std::fill(into.begin(), into.end(), std::byte{0});
    }
    const bool zero = is_zero_page(into);
    counts_.zero += zero ? 1 : 0;
    ++pages_;
    if (zero && job_->output.is_sparse()) {
      // The hole ends the stretch.
      TRY(flush());
      return {};
    }
    counts_.data_bytes += page_size_;
    used_ += page_size_;
    return {};
  }

  Status flush() {
    job_->pages_done += std::exchange(pages_, 0);
    if (used_ == 0) return {};
    TRY(job_->output.write_at(start_, std::span(buffer_).first(used_)));
    TRY(job_->output.start_writeback(start_, used_));
    TRY(settle_previous());
    previous_ = {start_, start_ + used_};
    used_ = 0;
    return {};
  }

  Status settle_previous() {
    const Range range = std::exchange(previous_, Range{});
    if (range.empty()) return {};
    return job_->output.finish_writeback(range.start, range.size());
  }

  const ElfCopyJob* job_;
  PageReader reader_;
  std::size_t page_size_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint64_t start_ = 0;  ///< of the buffer in the file
  std::uint64_t pages_ = 0;  ///< since the last flush
  Range previous_;
  CopyCounts counts_;
};

/// The file ends behind its last page, a page of zeros too.
Status write_last_byte(const ElfCopyJob& job, std::uint64_t end) {
  if (!job.output.is_sparse() || end == job.data_offset) return {};
  std::array<std::byte, 1> last{};
  TRY(job.output.read_at(end - 1, last));
  return job.output.write_at(end - 1, last);
}

}  // namespace

Result<CopyCounts> copy_elf_pages(const MemoryImage& image,
                                  const PageBitmap& bitmap,
                                  PageShift shift,
                                  std::uint64_t data_offset,
                                  unsigned threads,
                                  const std::vector<RangeSet>& first,
                                  Output& output,
                                  std::atomic<std::uint64_t>& pages_done) {
  const CopyOrder order(
      bitmap, first, std::clamp<std::uint64_t>(kPieceBytes >> shift.bits, 64, BlockBits::kPages));
  const ElfCopyJob job{image, bitmap, order, shift, data_offset, output, pages_done};
  std::vector<ElfCopyWorker> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(job);
  // A stream takes what comes in the order of the file.
  if (output.is_sparse()) {
    const std::vector<CopyPiece>& pieces = order.first();
    TRY(for_each_item(workers, pieces.size(), [&](ElfCopyWorker& worker, std::size_t i) {
      return worker.copy_piece(pieces[i], false);
    }));
  }
  TRY(for_each_item(workers, order.pieces(), [&](ElfCopyWorker& worker, std::size_t i) {
    return worker.copy_piece(order.piece(i), output.is_sparse());
  }));
  CopyCounts counts;
  for (const ElfCopyWorker& worker : workers) counts += worker.counts();
  counts.file_end = data_offset + (bitmap.dumped_pages() << shift.bits);
  TRY(write_last_byte(job, counts.file_end));
  return counts;
}

}  // namespace kdump::capture
