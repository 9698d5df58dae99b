// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/page_samples.h"

#include "capture/crashed_machine.h"
#include "capture/filter/block_filter.h"
#include "capture/filter/page_bitmap.h"
#include "capture/filter/page_selection.h"
#include "capture/format/kdump_format.h"
#include "capture/format/page_codec.h"
#include "capture/format/page_reader.h"
#include "capture/kernel/memmap_source.h"
#include "capture/kernel_knowledge.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>

namespace kdump::capture {
namespace {

/// Of this thread's work: what else the machine does meanwhile does not count.
double processor_seconds() {
  struct timespec now {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

constexpr std::size_t kBlocks = 128;
/// The mean of pages that take anything from nothing to all of their size, 900 bytes apart from
/// each other as a rule, is then right within some 20 bytes.
constexpr std::uint64_t kPagesOfClass = 2048;

/// A class, and the level that leaves out all others that are not listed before it.
struct ClassRow {
  PageClass page_class;
  std::uint32_t level;
};

// The pages that come back when a bit is taken out of the level are those of its class.
constexpr std::uint32_t kCaches = DumpLevel::kCache | DumpLevel::kCachePrivate;
constexpr std::array<ClassRow, 5> kRows = {{
    {PageClass::kKept, DumpLevel::kAll},
    {PageClass::kFree, DumpLevel::kAll & ~DumpLevel::kFree},
    {PageClass::kUser, DumpLevel::kAll & ~DumpLevel::kUser},
    {PageClass::kCachePrivate, DumpLevel::kAll & ~DumpLevel::kCachePrivate},
    {PageClass::kCache, DumpLevel::kAll & ~kCaches},
}};

BlockBits without(const BlockBits& bits, const BlockBits& others) {
  std::array<std::uint64_t, BlockBits::kWords> words{}, cleared{};
  std::memcpy(words.data(), bits.bytes().data(), sizeof(words));
  std::memcpy(cleared.data(), others.bytes().data(), sizeof(cleared));
  for (std::size_t i = 0; i < words.size(); ++i) words[i] &= ~cleared[i];
  BlockBits result;
  std::memcpy(result.writable_bytes().data(), words.data(), sizeof(words));
  return result;
}

/// The set bit with this number.
std::uint64_t bit_of_rank(const BlockBits& bits, std::uint64_t rank) {
  std::uint64_t from = 0;
  for (std::uint64_t to = BlockBits::kPages; to - from > 1;) {
    const std::uint64_t middle = from + (to - from) / 2;
    (bits.count_before(middle) <= rank ? from : to) = middle;
  }
  return from;
}

/// Counts instead of keeping.
class NoStore final : public BlockStore {
 public:
  Status store(std::uint64_t /*block*/, const BlockBits& /*bits*/) override { return {}; }
  Result<BlockBits> load(std::uint64_t /*block*/) const override {
    return make_error(ErrorKind::kNotFound, "the bitmap was not kept");
  }
};

/// The pages of a class in a block.
struct Candidates {
  PageClass page_class;
  Pfn first;
  BlockBits bits;
};

/// Sums over blocks, each weighted by how many pages of the class it has.
struct Sum {
  std::uint64_t tried = 0;
  double weight = 0, zero = 0, bytes = 0, seconds = 0;
};

class Sampler {
 public:
  Sampler(const MemoryImage& image, PageShift shift, std::unique_ptr<PageCodec> codec)
      : reader_(image, shift),
        codec_(std::move(codec)),
        page_(static_cast<std::size_t>(shift.page_size())),
        packed_(codec_ ? std::max(codec_->bound(), page_.size()) : page_.size()) {}

  /// Tries some pages of each class: of each block as many as its share of the class.
  void add(const std::vector<Candidates>& all) {
    std::array<std::uint64_t, kPageClasses> pages{};
    for (const Candidates& some : all) pages[index(some.page_class)] += some.bits.count();
    for (const Candidates& some : all) add(some, pages[index(some.page_class)]);
  }

  [[nodiscard]] PageSamples result() const {
    PageSamples samples;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Sum& sum = sums_[i];
      if (sum.weight == 0) continue;
      samples[i] = {
          sum.tried, sum.zero / sum.weight, sum.bytes / sum.weight, sum.seconds / sum.weight};
    }
    return samples;
  }

 private:
  static std::size_t index(PageClass page_class) { return static_cast<std::size_t>(page_class); }

  /// `of_class`: pages of the class in all blocks together.
  void add(const Candidates& some, std::uint64_t of_class) {
    const std::uint64_t pages = some.bits.count();
    if (pages == 0) return;
    const std::uint64_t share_of_block = (pages * kPagesOfClass + of_class - 1) / of_class;
    const std::uint64_t tries = std::min(pages, share_of_block);
    std::vector<Pfn> chosen;
    for (std::uint64_t i = 0; i < tries; ++i) {
      // One of each of `tries` equal parts.
      const std::uint64_t from = pages * i / tries;
      const std::uint64_t parts = pages * (i + 1) / tries - from;
      chosen.push_back(some.first + bit_of_rank(some.bits, from + random_() % parts));
    }
    std::uint64_t zero = 0, bytes = 0;
    const double start = processor_seconds();
    for (const Pfn pfn : chosen) {
      if (!reader_.read(pfn, page_)) continue;
      if (is_zero_page(page_)) {
        ++zero;
      } else {
        bytes += packed_size();
      }
    }
    const double seconds = processor_seconds() - start;
    const double share = static_cast<double>(pages) / static_cast<double>(tries);
    Sum& sum = sums_[index(some.page_class)];
    sum.tried += tries;
    sum.weight += static_cast<double>(pages);
    sum.zero += share * static_cast<double>(zero);
    sum.bytes += share * static_cast<double>(bytes);
    sum.seconds += share * seconds;
  }

  std::size_t packed_size() {
    const std::size_t size = codec_ ? codec_->compress(page_, packed_) : 0;
    return size == 0 || size >= page_.size() ? page_.size() : size;
  }

  PageReader reader_;
  std::unique_ptr<PageCodec> codec_;
  std::vector<std::byte> page_;
  std::vector<std::byte> packed_;
  std::array<Sum, kPageClasses> sums_{};
  // The same pages for the same memory.
  std::minstd_rand random_{1};
};

}  // namespace

Result<PageSamples> sample_pages(const CaptureOptions& options,
                                 const std::vector<Range>& reserved) {
  std::vector<std::string> warnings;
  // Single pages here and there: a window for each would cost more than they do in a dump.
  const CrashedMachine machine =
      TRY(open_machine(options.input, ElfImage::Access::kRead, options.debug_info, warnings));
  RangeSet memory = machine.image->ranges();
  for (const Range& range : reserved) memory.subtract(range);
  const std::vector<Range> pages = touched_pages(memory, machine.shift);
  MemMapSource source = TRY(MemMapSource::find(*machine.image, machine.info, machine.shift, pages));
  TRY(tell_known_pages(machine, find_knowledge(machine), 1, source));
  std::vector<BlockFilter> filters;
  for (const ClassRow& row : kRows) {
    filters.emplace_back(source.layout(),
                         DumpLevel(row.level),
                         TRY(source.open()),
                         source.known(),
                         source.certain());
  }
  Sampler sampler(
      *machine.image,
      machine.shift,
      TRY(make_codec(options.codec, static_cast<std::size_t>(machine.shift.page_size()))));
  NoStore store;
  const PageBitmap bitmap(pages, store, machine.image.get());
  const std::size_t blocks = std::min(kBlocks, bitmap.blocks());
  std::vector<Candidates> candidates;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t block = bitmap.blocks() * i / blocks;
    const Pfn first = bitmap.first_page(block);
    BlockBits seen;
    for (std::size_t row = 0; row < kRows.size(); ++row) {
      BlockBits bits = TRY(bitmap.present(block));
      FilterCounts counts = filters[row].run(first, bits);
      if (DumpLevel(kRows[row].level).excludes(DumpLevel::kFree)) {
        leave_out_per_cpu(source, first, bits, counts);
      }
      candidates.push_back({kRows[row].page_class, first, without(bits, seen)});
      // Of the caches, both come back together: without those that came back alone.
      if (row == 0 || kRows[row].page_class == PageClass::kCachePrivate) seen = bits;
    }
  }
  sampler.add(candidates);
  return sampler.result();
}

DumpEstimate estimate_dump(const MemorySurvey& survey,
                           const PageSamples& samples,
                           DumpLevel level,
                           unsigned threads) {
  DumpEstimate estimate;
  double bytes = 0, seconds = survey.seconds;
  for (std::size_t i = 0; i < kPageClasses; ++i) {
    if (!is_dumped(static_cast<PageClass>(i), level)) continue;
    const std::uint64_t pages = survey.by_class[i];
    estimate.pages += pages;
    // Of a class with no page in any of the blocks the worst is assumed.
    const ClassSample& sample = samples[i];
    const double each = sample.tried > 0 ? sample.bytes : static_cast<double>(survey.page_size);
    bytes += static_cast<double>(pages) * each;
    seconds += static_cast<double>(pages) * sample.seconds / threads;
  }
  estimate.bytes = survey.front_bytes + estimate.pages * sizeof(PageDescriptor) +
                   static_cast<std::uint64_t>(bytes);
  estimate.seconds = seconds;
  return estimate;
}

}  // namespace kdump::capture
