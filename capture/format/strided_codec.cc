// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/strided_codec.h"

#include "capture/format/lzo_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kdump::capture {
namespace {

using Word = std::uint64_t;

// Where struct pages repeat: the next one, every fourth (a quarter of their addresses' low byte),
// and list pointers beside each other.
constexpr std::array<std::size_t, 3> kDistanceOf = {256, 64, 8};
constexpr std::size_t kStride = 64;
constexpr std::size_t kMinMatch = 4;
// So many plans: as many as there are kinds of struct pages in a row, but no more memory.
constexpr std::size_t kFewestPlans = 2;
constexpr std::size_t kPlansBytes = std::size_t{32} << 10U;
// Limits of one page.
constexpr std::size_t kBytesPerMatch = 12;
constexpr std::size_t kBytesPerLiteral = 6;
// A plan is widened for a page that has at most one word in so many against it.
constexpr std::size_t kWordsPerDifference = 8;
// Words that are looked at together.
constexpr std::size_t kChunk = 32;
// Pages that are not learnt from after some that were of no use.
constexpr std::size_t kMostPatience = 31;

Word load(const std::byte* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// 0xff for each byte of the word that is zero.
Word zero_bytes(Word word) {
  constexpr Word kLow = 0x7f7f7f7f7f7f7f7fULL;
  const Word high = ~(((word & kLow) + kLow) | word | kLow);
  return (high >> 7U) * 0xffU;
}

/// How many bytes from `at` on are set in the mask.
std::size_t run_length(const std::vector<std::uint64_t>& mask, std::size_t at, std::size_t end) {
  const std::size_t start = at;
  while (at < end) {
    const Word clear = ~mask[at / sizeof(Word)] >> 8U * (at % sizeof(Word));
    if (clear != 0) {
      return std::min(at + static_cast<std::size_t>(std::countr_zero(clear)) / 8, end) - start;
    }
    at = (at / sizeof(Word) + 1) * sizeof(Word);
  }
  return end - start;
}

/// The same again and again: a general compressor makes next to nothing of it.
bool is_uniform(std::span<const std::byte> page) {
  constexpr std::size_t kSamples = 8;
  const std::size_t step = page.size() / kSamples;
  for (std::size_t at = kStride; at < page.size(); at += step) {
    if (std::memcmp(page.data() + at, page.data() + at - kStride, kStride) != 0) return false;
  }
  return true;
}

}  // namespace

StridedCodec::StridedCodec(std::size_t page_size, Format format)
    : page_size_(page_size),
      format_(format),
      plans_(std::max(kFewestPlans, kPlansBytes / page_size)) {
  const std::size_t matches = page_size / kBytesPerMatch;
  const std::size_t literals = page_size / kBytesPerLiteral;
  record_bound_ = format == Format::kZstd ? kZstdFrameHeader + kZstdLiteralsHeader + literals +
                                                ZstdSequences::bound(matches)
                                          : LzoWriter::bound(literals, matches);
  matches_.reserve(matches);
  literals_.reserve(literals);
  if (format == Format::kZstd) sequences_.reserve(matches);
  for (auto& mask : equal_) mask.resize(page_size / sizeof(Word));
}

std::size_t StridedCodec::compress(std::span<const std::byte> page, std::byte* into) {
  ++clock_;
  learnable_ = false;
  if (is_uniform(page)) return 0;
  if (holds(plans_[last_plan_], page)) return fill(plans_[last_plan_], page, into);
  learnable_ = repeats(page);
  if (!learnable_) return 0;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    if (i == last_plan_ || !holds(plans_[i], page)) continue;
    last_plan_ = i;
    return fill(plans_[i], page, into);
  }
  return 0;
}

std::size_t StridedCodec::fill(Plan& plan, std::span<const std::byte> page, std::byte* into) {
  plan.last_use = clock_;
  waiting_ = patience_ = 0;
  std::memcpy(into, plan.record.data(), plan.record.size());
  for (const Hole& hole : plan.holes) into[hole.to] = page[hole.from];
  return plan.record.size();
}

bool StridedCodec::holds(const Plan& plan, std::span<const std::byte> page) {
  if (!plan.made) return false;
  const std::size_t words = page.size() / sizeof(Word);
  for (std::size_t start = 0; start < words; start += kChunk) {
    Word difference = 0;
    for (std::size_t i = 0; i < kDistances; ++i) {
      const std::size_t back = kDistanceOf[i];
      const Word* const equal = plan.equal[i].data();
      for (std::size_t word = std::max(start, back / sizeof(Word)); word < start + kChunk; ++word) {
        const std::byte* const at = page.data() + word * sizeof(Word);
        difference |= (load(at) ^ load(at - back)) & equal[word];
      }
    }
    if (difference != 0) return false;
  }
  return true;
}

void StridedCodec::learn(std::span<const std::byte> page, std::size_t most) {
  if (!learnable_) return;
  if (waiting_ > 0) {
    --waiting_;
    return;
  }
  patience_ = std::min(2 * patience_ + 1, kMostPatience);
  waiting_ = patience_;
  compare(page);
  Plan& oldest = *std::min_element(plans_.begin(), plans_.end(), [](const Plan& a, const Plan& b) {
    return a.last_use < b.last_use;
  });
  oldest.made = make(page, std::min(most, page_size_ / kBytesPerLiteral), oldest);
  oldest.last_use = clock_;
}

/// The upper halves of nearly all words are those of a struct page before.
bool StridedCodec::repeats(std::span<const std::byte> page) {
  const std::size_t most = page.size() / sizeof(Word) / kWordsPerDifference;
  std::size_t found = 0;
  for (std::size_t start = kStride; start < page.size(); start += kChunk * sizeof(Word)) {
    const std::size_t end = std::min(start + kChunk * sizeof(Word), page.size());
    for (std::size_t at = start; at < end; at += sizeof(Word)) {
      const Word difference = load(page.data() + at) ^ load(page.data() + at - kStride);
      found += difference >> 32U == 0 ? 0U : 1U;
    }
    if (found > most) return false;
  }
  return true;
}

void StridedCodec::compare(std::span<const std::byte> page) {
  for (std::size_t i = 0; i < kDistances; ++i) {
    for (std::size_t at = 0; at < page.size(); at += sizeof(Word)) {
      equal_[i][at / sizeof(Word)] =
          at < kDistanceOf[i]
              ? 0
              : zero_bytes(load(page.data() + at) ^ load(page.data() + at - kDistanceOf[i]));
    }
  }
}

/// Takes the longest match at each place. False: not worth it.
bool StridedCodec::parse(std::size_t most, Plan& plan) {
  // In LZO's block; in zstd's codes repeated matches cost next to nothing.
  const std::size_t match_cost = format_ == Format::kLzo ? 2 : 0;
  matches_.clear();
  literals_.clear();
  for (auto& mask : plan.equal) mask.assign(page_size_ / sizeof(Word), 0);
  std::size_t anchor = 0;
  for (std::size_t at = 0; at < page_size_;) {
    std::size_t length = 0;
    std::size_t choice = 0;
    for (std::size_t i = 0; i < kDistances; ++i) {
      const std::size_t found = run_length(equal_[i], at, page_size_);
      if (found <= length) continue;
      length = found;
      choice = i;
    }
    if (length < kMinMatch) {
      if (literals_.size() + match_cost * matches_.size() >= most) return false;
      literals_.push_back(static_cast<std::uint16_t>(at));
      ++at;
      continue;
    }
    if (matches_.size() == page_size_ / kBytesPerMatch) return false;
    matches_.push_back({static_cast<std::uint16_t>(at - anchor),
                        static_cast<std::uint16_t>(length),
                        static_cast<std::uint16_t>(kDistanceOf[choice])});
    auto* const mask = reinterpret_cast<std::byte*>(plan.equal[choice].data());  // NOLINT: bytes
    std::fill_n(mask + at, length, std::byte{0xff});
    at += length;
    anchor = at;
  }
  return !matches_.empty();
}

bool StridedCodec::make(std::span<const std::byte> page, std::size_t most, Plan& plan) {
  plan.made = false;
  if (!parse(most, plan)) return false;
  plan.holes.clear();
  plan.record.assign(record_bound_, std::byte{0});
  if (format_ == Format::kZstd) {
    write_zstd(page.size(), plan);
  } else {
    write_lzo(plan);
  }
  plan.made = plan.record.size() <= most;
  return plan.made;
}

/// All literals are together, in front of the sequences.
void StridedCodec::write_zstd(std::size_t page_size, Plan& plan) {
  sequences_.clear();
  for (const Match& match : matches_) sequences_.add(match.literals, match.length, match.distance);
  std::byte* const block = plan.record.data() + kZstdFrameHeader;
  put_zstd_literals_header(block, literals_.size());
  std::size_t to = kZstdFrameHeader + kZstdLiteralsHeader;
  for (const std::uint16_t from : literals_) {
    plan.holes.push_back({from, static_cast<std::uint16_t>(to++)});
  }
  const std::size_t size =
      kZstdLiteralsHeader + literals_.size() + sequences_.write(plan.record.data() + to);
  put_zstd_frame_header(plan.record.data(), page_size, size);
  plan.record.resize(kZstdFrameHeader + size);
}

void StridedCodec::write_lzo(Plan& plan) {
  LzoWriter writer(plan.record.data());
  auto literal = literals_.begin();
  const auto add_holes = [&](std::size_t count) {
    auto to = static_cast<std::size_t>(writer.literals(count) - plan.record.data());
    for (; count > 0; --count) plan.holes.push_back({*literal++, static_cast<std::uint16_t>(to++)});
  };
  for (const Match& match : matches_) {
    add_holes(match.literals);
    writer.match(match.length, match.distance);
  }
  add_holes(static_cast<std::size_t>(literals_.end() - literal));
  plan.record.resize(writer.finish());
}

}  // namespace kdump::capture
