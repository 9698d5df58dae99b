// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/strided_frame.h"

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
// So long that another distance need not be tried.
constexpr std::size_t kLongMatch = 32;
constexpr std::size_t kMinMatch = 4;
// RFC 8878 section 3.1.1.5: the distances that a frame begins with.
constexpr std::array<std::size_t, 3> kFirstRecent = {1, 4, 8};

// Limits of one page, so that it never gets larger than it was: a sequence takes 70 bits at most.
constexpr std::size_t kBytesPerSequence = 16;
constexpr std::size_t kBytesPerLiteral = 32;
// One part in so many of the page; beyond it libzstd finds more.
constexpr std::size_t kMostOutput = 17;

// Section 3.1.1: magic number; one segment, two bytes of content size less 256.
constexpr std::array<std::uint8_t, 5> kFrameStart = {0x28, 0xb5, 0x2f, 0xfd, 0x60};
constexpr std::size_t kContentSizeBase = 256;
constexpr std::size_t kFrameHeader = kFrameStart.size() + 2;
constexpr std::size_t kBlockHeader = 3;
constexpr std::uint32_t kLastCompressedBlock = 1U | 2U << 1U;
// Section 3.1.1.3.1: raw literals, 20 bits of size.
constexpr std::uint32_t kRawLiterals = 3U << 2U;
constexpr std::size_t kLiteralsHeader = 3;
// Section 3.1.1.3.2: number of sequences.
constexpr std::size_t kOneByteSequences = 128;
// Compression modes of a code.
enum Mode : unsigned { kOneSymbol = 1, kFse = 2 };

// Section 3.1.1.3.2.1.1: the values of a code: so many stand for themselves, the others are ranges.
struct CodeRange {
  std::uint32_t base = 0;
  std::uint8_t extra_bits = 0;
};
template <std::size_t N>
constexpr std::array<CodeRange, FseTable::kSymbols> code_ranges(
    std::size_t direct, const std::array<std::uint8_t, N>& bits) {
  std::array<CodeRange, FseTable::kSymbols> ranges{};
  for (std::size_t i = 0; i <= direct; ++i) ranges[i].base = static_cast<std::uint32_t>(i);
  for (std::size_t i = 0; i < N; ++i) {
    ranges[direct + i].extra_bits = bits[i];
    if (direct + i + 1 == ranges.size()) break;
    ranges[direct + i + 1].base = ranges[direct + i].base + (1U << bits[i]);
  }
  return ranges;
}
constexpr auto kLiteralsRanges =
    code_ranges(16, std::array<std::uint8_t, 20>{1, 1, 1, 1,  2,  2,  3,  3,  4,  6,
                                                 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
constexpr auto kMatchRanges =
    code_ranges(32, std::array<std::uint8_t, 21>{1, 1, 1, 1,  2,  2,  3,  3,  4,  4, 5,
                                                 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
constexpr std::size_t kMatchBase = 3;

/// The codes of the small values; from N on, each code has one more bit than the one before.
template <std::size_t N>
constexpr std::array<std::uint8_t, N> small_codes(
    const std::array<CodeRange, FseTable::kSymbols>& ranges) {
  std::array<std::uint8_t, N> codes{};
  std::uint8_t code = 0;
  for (std::size_t value = 0; value < N; ++value) {
    while (ranges[code + 1U].base <= value) ++code;
    codes[value] = code;
  }
  return codes;
}
constexpr auto kLiteralsCodes = small_codes<64>(kLiteralsRanges);
constexpr auto kMatchCodes = small_codes<128>(kMatchRanges);

template <std::size_t N>
std::uint8_t code_of(std::uint32_t value, const std::array<std::uint8_t, N>& small) {
  if (value < N) return small[value];
  return static_cast<std::uint8_t>(small[N - 1] + std::bit_width(value) - std::bit_width(N - 1));
}

Word load(const std::byte* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// Bytes from `at` on, in front of `end`, that are equal to those `distance` before them.
std::size_t match_length(const std::byte* at, const std::byte* end, std::size_t distance) {
  const std::byte* const start = at;
  while (static_cast<std::size_t>(end - at) >= sizeof(Word)) {
    const Word difference = load(at) ^ load(at - distance);
    if (difference != 0) {
      return static_cast<std::size_t>(at - start) +
             static_cast<std::size_t>(std::countr_zero(difference)) / 8;
    }
    at += sizeof(Word);
  }
  while (at != end && *at == *(at - distance)) ++at;
  return static_cast<std::size_t>(at - start);
}

void put(std::byte* into, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) into[i] = static_cast<std::byte>(value >> 8 * i & 0xffU);
}

constexpr std::size_t most_sequence_bytes(std::size_t page_size) {
  constexpr std::size_t kMostTables = 3 * 40;
  constexpr std::size_t kMostBytes = 9;
  return kMostTables + (page_size / kBytesPerSequence + 1) * kMostBytes + 2 * sizeof(Word);
}

/// One of the three codes of the sequences in a page.
struct Coder {
  Mode mode = kOneSymbol;
  std::uint8_t symbol = 0;
  FseTable table;
  std::uint32_t state = 0;

  explicit Coder(const FseTable::Counts& counts) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      ++different;
      symbol = static_cast<std::uint8_t>(i);
    }
    if (different < 2) return;
    mode = kFse;
    table.build(counts);
  }
  std::size_t describe(std::byte* into) const {
    if (mode == kFse) return table.describe(into);
    *into = static_cast<std::byte>(symbol);
    return 1;
  }
  void start(unsigned last) {
    if (mode == kFse) state = table.first_state(last);
  }
  void encode(unsigned next, BitWriter& bits) {
    if (mode == kFse) state = table.encode(state, next, bits);
  }
  void finish(BitWriter& bits) const {
    if (mode == kFse) FseTable::finish(state, bits);
  }
};

}  // namespace

StridedFrame::StridedFrame(std::size_t page_size) : page_size_(page_size) {
  sequences_.reserve(page_size / kBytesPerSequence + 1);
}

std::size_t StridedFrame::bound() const {
  return kFrameHeader + kBlockHeader + kLiteralsHeader + page_size_ / kBytesPerLiteral +
         most_sequence_bytes(page_size_);
}

std::size_t StridedFrame::compress(std::span<const std::byte> page, std::byte* into) {
  if (!repeats(page)) return 0;
  const Plan* const plan = plan_for(page);
  if (plan == nullptr) return 0;
  std::memcpy(into, kFrameStart.data(), kFrameStart.size());
  put(into + kFrameStart.size(), static_cast<std::uint32_t>(page.size() - kContentSizeBase), 2);
  std::byte* const block = into + kFrameHeader + kBlockHeader;
  const std::size_t literals = plan->literals.size();
  put(block, kRawLiterals | static_cast<std::uint32_t>(literals) << 4U, kLiteralsHeader);
  std::byte* at = block + kLiteralsHeader;
  for (const std::uint16_t place : plan->literals) *at++ = page[place];
  std::memcpy(at, plan->sequences.data(), plan->sequences.size());
  const std::size_t size = kLiteralsHeader + literals + plan->sequences.size();
  put(into + kFrameHeader,
      kLastCompressedBlock | static_cast<std::uint32_t>(size) << 3U,
      kBlockHeader);
  return kFrameHeader + kBlockHeader + size;
}

/// Three words of four are equal to the one a struct page before. When nearly all are, libzstd is
/// as fast.
bool StridedFrame::repeats(std::span<const std::byte> page) {
  std::size_t equal = 0;
  for (std::size_t at = kStride; at < page.size(); at += sizeof(Word)) {
    equal += load(page.data() + at) == load(page.data() + at - kStride) ? 1U : 0U;
  }
  const std::size_t bytes = equal * sizeof(Word);
  const std::size_t all = page.size() - kStride;
  return bytes * 4 >= all * 3 && bytes * 10 <= all * 9;
}

bool StridedFrame::holds(const Plan& plan, std::span<const std::byte> page) {
  for (std::size_t i = 0; i < kDistances; ++i) {
    const std::size_t back = kDistanceOf[i];
    const Word* const equal = plan.equal[i].data();
    Word difference = 0;
    for (std::size_t at = back; at < page.size(); at += sizeof(Word)) {
      difference |=
          (load(page.data() + at) ^ load(page.data() + at - back)) & equal[at / sizeof(Word)];
    }
    if (difference != 0) return false;
  }
  return true;
}

const StridedFrame::Plan* StridedFrame::plan_for(std::span<const std::byte> page) {
  ++clock_;
  for (Plan& plan : plans_) {
    if (!plan.made || !holds(plan, page)) continue;
    plan.last_use = clock_;
    return &plan;
  }
  Plan& oldest = *std::min_element(plans_.begin(), plans_.end(), [](const Plan& a, const Plan& b) {
    return a.last_use < b.last_use;
  });
  oldest.made = parse(page, oldest);
  oldest.last_use = clock_;
  if (!oldest.made) return nullptr;
  write_sequences(oldest.sequences);
  oldest.made = oldest.literals.size() + oldest.sequences.size() <= page_size_ / kMostOutput;
  return oldest.made ? &oldest : nullptr;
}

/// Takes the longest match at each place. False: not worth it.
bool StridedFrame::parse(std::span<const std::byte> page, Plan& plan) {
  plan.literals.clear();
  for (auto& equal : plan.equal) equal.assign(page.size() / sizeof(Word), 0);
  sequences_.clear();
  recent_ = kFirstRecent;
  literals_counts_ = {};
  match_counts_ = {};
  offset_counts_ = {};
  const std::byte* const begin = page.data();
  const std::byte* const end = begin + page.size();
  const std::byte* anchor = begin;
  for (const std::byte* at = begin; at != end;) {
    const auto place = static_cast<std::size_t>(at - begin);
    std::size_t length = 0;
    std::size_t choice = 0;
    for (std::size_t i = 0; i < kDistances; ++i) {
      if (place < kDistanceOf[i]) continue;
      const std::size_t found = match_length(at, end, kDistanceOf[i]);
      if (found <= length) continue;
      length = found;
      choice = i;
      if (length >= kLongMatch) break;
    }
    if (length < kMinMatch) {
      if (plan.literals.size() == page_size_ / kBytesPerLiteral) return false;
      plan.literals.push_back(static_cast<std::uint16_t>(place));
      ++at;
      continue;
    }
    if (sequences_.size() == page_size_ / kBytesPerSequence) return false;
    add_sequence(static_cast<std::size_t>(at - anchor), length, kDistanceOf[choice]);
    auto* const equal = reinterpret_cast<std::byte*>(plan.equal[choice].data());  // NOLINT: bytes
    std::fill_n(equal + place, length, std::byte{0xff});
    at += length;
    anchor = at;
  }
  return !sequences_.empty();
}

/// Section 3.1.1.5: what an Offset_Value of 1 to 3 means depends on whether there are literals.
void StridedFrame::add_sequence(std::size_t literals, std::size_t match, std::size_t distance) {
  std::size_t value = distance + recent_.size();
  std::size_t known = 0;
  while (known < recent_.size() && recent_[known] != distance) ++known;
  if (literals == 0 && known == 0) {
    known = recent_.size();  // only as a distance of its own
  } else if (known < recent_.size()) {
    value = literals == 0 ? known : known + 1;
  }
  const std::size_t moved = std::min(known, recent_.size() - 1);
  for (std::size_t i = moved; i > 0; --i) recent_[i] = recent_[i - 1];
  recent_[0] = distance;

  Sequence sequence;
  const auto count = static_cast<std::uint32_t>(literals);
  const auto length = static_cast<std::uint32_t>(match - kMatchBase);
  sequence.literals_code = code_of(count, kLiteralsCodes);
  sequence.match_code = code_of(length, kMatchCodes);
  sequence.offset_code = static_cast<std::uint8_t>(std::bit_width(value) - 1);
  const CodeRange& first = kLiteralsRanges[sequence.literals_code];
  const CodeRange& second = kMatchRanges[sequence.match_code];
  sequence.extra = count - first.base;
  sequence.extra |= std::uint64_t{length - second.base} << first.extra_bits;
  sequence.extra |= (value - (std::uint64_t{1} << sequence.offset_code))
                    << (first.extra_bits + second.extra_bits);
  sequence.extra_bits =
      static_cast<std::uint8_t>(first.extra_bits + second.extra_bits + sequence.offset_code);
  ++literals_counts_[sequence.literals_code];
  ++match_counts_[sequence.match_code];
  ++offset_counts_[sequence.offset_code];
  sequences_.push_back(sequence);
}

/// The last sequence goes first, because a decoder reads the bits from their end.
void StridedFrame::write_sequences(std::vector<std::byte>& into) {
  into.resize(most_sequence_bytes(page_size_));
  std::byte* at = into.data();
  const std::size_t count = sequences_.size();
  if (count < kOneByteSequences) {
    *at++ = static_cast<std::byte>(count);
  } else {
    *at++ = static_cast<std::byte>((count >> 8U) + kOneByteSequences);
    *at++ = static_cast<std::byte>(count & 0xffU);
  }
  Coder literals(literals_counts_);
  Coder offsets(offset_counts_);
  Coder matches(match_counts_);
  *at++ = static_cast<std::byte>(literals.mode << 6U | offsets.mode << 4U | matches.mode << 2U);
  at += literals.describe(at);
  at += offsets.describe(at);
  at += matches.describe(at);

  BitWriter bits(at);
  const Sequence& last = sequences_.back();
  matches.start(last.match_code);
  offsets.start(last.offset_code);
  literals.start(last.literals_code);
  bits.add(last.extra, last.extra_bits);
  for (std::size_t i = count - 1; i-- > 0;) {
    const Sequence& sequence = sequences_[i];
    bits.flush();
    offsets.encode(sequence.offset_code, bits);
    matches.encode(sequence.match_code, bits);
    literals.encode(sequence.literals_code, bits);
    bits.flush();
    bits.add(sequence.extra, sequence.extra_bits);
  }
  bits.flush();
  matches.finish(bits);
  offsets.finish(bits);
  literals.finish(bits);
  bits.add(1, 1);  // marks where the bits end
  into.resize(static_cast<std::size_t>(at - into.data()) + bits.finish());
}

}  // namespace kdump::capture
