// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/zstd_sequences.h"

#include <algorithm>
#include <bit>

namespace kdump::capture {
namespace {

// RFC 8878 section 3.1.1.5: the distances that a frame begins with.
constexpr std::array<std::size_t, 3> kFirstRecent = {1, 4, 8};
// Section 3.1.1: magic number; one segment, two bytes of content size less 256.
constexpr std::array<std::uint8_t, 5> kFrameStart = {0x28, 0xb5, 0x2f, 0xfd, 0x60};
constexpr std::size_t kContentSizeBase = 256;
constexpr std::size_t kBlockHeader = 3;
static_assert(kZstdFrameHeader == kFrameStart.size() + 2 + kBlockHeader);
constexpr std::uint32_t kLastCompressedBlock = 1U | 2U << 1U;
// Section 3.1.1.3.1: raw literals, 20 bits of size.
constexpr std::uint32_t kRawLiterals = 3U << 2U;
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

void put(std::byte* into, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) into[i] = static_cast<std::byte>(value >> 8 * i & 0xffU);
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

void ZstdSequences::clear() {
  sequences_.clear();
  recent_ = kFirstRecent;
  literals_counts_ = {};
  match_counts_ = {};
  offset_counts_ = {};
}

/// Section 3.1.1.5: what an Offset_Value of 1 to 3 means depends on whether there are literals.
void ZstdSequences::add(std::size_t literals, std::size_t match, std::size_t distance) {
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
  const auto length = static_cast<std::uint32_t>(match - kMinMatch);
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
std::size_t ZstdSequences::write(std::byte* into) const {
  std::byte* at = into;
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
  return static_cast<std::size_t>(at - into) + bits.finish();
}

void put_zstd_frame_header(std::byte* into, std::size_t content_size, std::size_t block_size) {
  std::transform(kFrameStart.begin(), kFrameStart.end(), into, [](std::uint8_t value) {
    return static_cast<std::byte>(value);
  });
  into += kFrameStart.size();
  put(into, static_cast<std::uint32_t>(content_size - kContentSizeBase), 2);
  put(into + 2, kLastCompressedBlock | static_cast<std::uint32_t>(block_size) << 3U, kBlockHeader);
}

void put_zstd_literals_header(std::byte* into, std::size_t count) {
  put(into, kRawLiterals | static_cast<std::uint32_t>(count) << 4U, kZstdLiteralsHeader);
}

}  // namespace kdump::capture
