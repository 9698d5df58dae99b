// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_codec.h"

#include "base/text.h"
#include "capture/format/strided_codec.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

namespace kdump::capture {
namespace {

constexpr int kDefaultZlibLevel = 1;
constexpr int kDefaultZstdLevel = -1;
// Of pages of which a level saves little for its time: what else there is pays for their size.
struct ForeignLevel {
  int level, foreign;
  std::uint64_t share;  ///< one page in so many, at most, after the first ones
};
// The kernel's own text comes first.
constexpr std::uint64_t kFirstForeign = 8192;
constexpr std::array<ForeignLevel, 2> kForeignLevels = {{{kDefaultZstdLevel, -8, 1}, {1, -1, 4}}};
constexpr int kMinZlibLevel = 1;
constexpr int kMaxZlibLevel = 12;
constexpr int kMinZstdLevel = -100;
constexpr int kMaxZstdLevel = 19;
// Higher levels are asked for their ratio.
constexpr int kMaxStridedLevel = 3;
constexpr std::size_t kMaxStridedPage = std::size_t{64} << 10U;
// Later pages of the same kind often come out smaller than the one that was learnt from.
constexpr std::size_t kStridedTenths = 11;
constexpr std::size_t kWorkBytes = LZO1X_1_12_MEM_COMPRESS;

struct CodecRow {
  std::string_view name;
  CodecKind kind;
  std::uint32_t flag;
  int default_level;
  int min_level;  ///< equal to max_level: the codec has no levels
  int max_level;
};

constexpr std::array<CodecRow, 5> kCodecs = {{
    {"zstd", CodecKind::kZstd, 0x20, kDefaultZstdLevel, kMinZstdLevel, kMaxZstdLevel},
    {"lzo", CodecKind::kLzo, 0x2, 0, 0, 0},
    {"snappy", CodecKind::kSnappy, 0x4, 0, 0, 0},
    {"zlib", CodecKind::kZlib, 0x1, kDefaultZlibLevel, kMinZlibLevel, kMaxZlibLevel},
    {"none", CodecKind::kNone, 0, 0, 0, 0},
}};

const CodecRow& row_of(CodecKind kind) {
  for (const CodecRow& row : kCodecs) {
    if (row.kind == kind) return row;
  }
  return kCodecs.back();
}

struct Deleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};

/// Text, machine code, packed data: hardly a word of eight bytes that looks like a number, a
/// pointer into the kernel, or the one before it. Libzstd takes three times as long for these pages
/// as for others, to save a quarter of them.
bool looks_foreign(std::span<const std::byte> page) {
  constexpr std::size_t kStep = 64;
  constexpr unsigned kUpper = 48;
  constexpr std::uint64_t kPointer = 0xffff;
  std::size_t usual = 0;
  for (std::size_t at = 0; at < page.size(); at += kStep) {
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), page.data() + at, sizeof(words));
    const std::uint64_t upper = words[1] >> kUpper;
    usual += upper == 0 || upper == kPointer || upper == words[0] >> kUpper ? 1U : 0U;
  }
  return usual < page.size() / kStep / 2;
}

/// One frame a page, with the content size in its header: crash allocates by it. Pages of a
/// kernel's data take shorter ways than libzstd's.
class ZstdCodec final : public PageCodec {
 public:
  static Result<std::unique_ptr<PageCodec>> create(int level, std::size_t page_size) {
    std::unique_ptr<ZSTD_CCtx, Deleter> context(ZSTD_createCCtx());
    if (!context ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level)) != 0) {
      return make_error(ErrorKind::kUnsupported, "zstd cannot be set up for level {}", level);
    }
    std::unique_ptr<ZstdCodec> codec(new ZstdCodec(std::move(context), page_size));
    if (level <= kMaxStridedLevel && page_size <= kMaxStridedPage) {
      codec->strided_.emplace(page_size, StridedCodec::Format::kZstd);
    }
    for (const ForeignLevel& row : kForeignLevels) {
      if (row.level == level) codec->foreign_level_ = row;
    }
    return std::unique_ptr<PageCodec>(std::move(codec));
  }
  [[nodiscard]] std::size_t bound() const override {
    return std::max(ZSTD_compressBound(page_size_), strided_ ? strided_->bound() : 0);
  }
  std::size_t compress(std::span<const std::byte> page, std::span<std::byte> into) override {
    ++pages_;
    if (strided_) {
      const std::size_t strided = strided_->compress(page, into.data());
      if (strided != 0) return strided;
    }
    if (foreign_level_) {
      // Setting a level fails for a context that is at work only.
      static_cast<void>(
          ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level_for(page)));
    }
    const std::size_t size =
        ZSTD_compress2(context_.get(), into.data(), into.size(), page.data(), page.size());
    if (ZSTD_isError(size) != 0) return 0;
    if (strided_) strided_->learn(page, size * kStridedTenths / 10);
    return size;
  }

 private:
  ZstdCodec(std::unique_ptr<ZSTD_CCtx, Deleter> context, std::size_t page_size)
      : context_(std::move(context)), page_size_(page_size) {}

  int level_for(std::span<const std::byte> page) {
    const bool many = foreign_ >= kFirstForeign + pages_ / foreign_level_->share;
    if (many || !looks_foreign(page)) return foreign_level_->level;
    ++foreign_;
    return foreign_level_->foreign;
  }

  std::unique_ptr<ZSTD_CCtx, Deleter> context_;
  std::size_t page_size_;
  std::optional<StridedCodec> strided_;
  std::optional<ForeignLevel> foreign_level_;
  std::uint64_t pages_ = 0;
  std::uint64_t foreign_ = 0;  ///< of them, those that got the other level
};

/// lzo1x_1 with a table that fits pages: 8 KiB instead of 32.
class LzoCodec final : public PageCodec {
 public:
  explicit LzoCodec(std::size_t page_size)
      : page_size_(page_size), work_(kWorkBytes / sizeof(lzo_align_t) + 1) {
    if (page_size <= kMaxStridedPage) strided_.emplace(page_size, StridedCodec::Format::kLzo);
  }
  // lzo's own figure for data that does not compress (LZO FAQ).
  [[nodiscard]] std::size_t bound() const override {
    return std::max(page_size_ + page_size_ / 16 + 64 + 3, strided_ ? strided_->bound() : 0);
  }
  std::size_t compress(std::span<const std::byte> page, std::span<std::byte> into) override {
    if (strided_) {
      const std::size_t strided = strided_->compress(page, into.data());
      if (strided != 0) return strided;
    }
    lzo_uint size = into.size();
    const int status = lzo1x_1_12_compress(
        bytes(page.data()), page.size(), bytes(into.data()), &size, work_.data());
    if (status != LZO_E_OK) return 0;
    if (strided_) strided_->learn(page, size);
    return size;
  }

 private:
  static const unsigned char* bytes(const std::byte* data) {
    return reinterpret_cast<const unsigned char*>(data);  // NOLINT: the library's type for bytes
  }
  static unsigned char* bytes(std::byte* data) {
    return reinterpret_cast<unsigned char*>(data);  // NOLINT: the library's type for bytes
  }
  std::size_t page_size_;
  std::optional<StridedCodec> strided_;
  std::vector<lzo_align_t> work_;
};

class SnappyCodec final : public PageCodec {
 public:
  explicit SnappyCodec(std::size_t page_size) : page_size_(page_size) {}
  [[nodiscard]] std::size_t bound() const override {
    return snappy::MaxCompressedLength(page_size_);
  }
  std::size_t compress(std::span<const std::byte> page, std::span<std::byte> into) override {
    std::size_t size = into.size();
    snappy::RawCompress(chars(page.data()), page.size(), chars(into.data()), &size);
    return size;
  }

 private:
  static const char* chars(const std::byte* data) {
    return reinterpret_cast<const char*>(data);  // NOLINT: the library's type for bytes
  }
  static char* chars(std::byte* data) {
    return reinterpret_cast<char*>(data);  // NOLINT: the library's type for bytes
  }
  std::size_t page_size_;
};

/// zlib's stream format (header and checksum), as readers call uncompress().
class ZlibCodec final : public PageCodec {
 public:
  static Result<std::unique_ptr<PageCodec>> create(int level, std::size_t page_size) {
    std::unique_ptr<libdeflate_compressor, Deleter> compressor(libdeflate_alloc_compressor(level));
    if (!compressor) {
      return make_error(ErrorKind::kUnsupported, "zlib cannot be set up for level {}", level);
    }
    return std::unique_ptr<PageCodec>(new ZlibCodec(std::move(compressor), page_size));
  }
  [[nodiscard]] std::size_t bound() const override {
    return libdeflate_zlib_compress_bound(compressor_.get(), page_size_);
  }
  std::size_t compress(std::span<const std::byte> page, std::span<std::byte> into) override {
    return libdeflate_zlib_compress(
        compressor_.get(), page.data(), page.size(), into.data(), into.size());
  }

 private:
  ZlibCodec(std::unique_ptr<libdeflate_compressor, Deleter> compressor, std::size_t page_size)
      : compressor_(std::move(compressor)), page_size_(page_size) {}
  std::unique_ptr<libdeflate_compressor, Deleter> compressor_;
  std::size_t page_size_;
};

}  // namespace

CodecChoice default_codec() { return {CodecKind::kZstd, kDefaultZstdLevel}; }

Result<CodecChoice> parse_codec(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const CodecRow& row : kCodecs) {
    if (row.name != name) continue;
    if (colon == std::string_view::npos) return CodecChoice{row.kind, row.default_level};
    if (row.min_level == row.max_level) {
      return make_error(ErrorKind::kUsage, "codec {} has no levels", name);
    }
    const auto level = parse_signed(text.substr(colon + 1));
    if (!level || *level < row.min_level || *level > row.max_level) {
      return make_error(ErrorKind::kUsage,
                        "\"{}\" is not a level of {} ({} to {})",
                        text.substr(colon + 1),
                        name,
                        row.min_level,
                        row.max_level);
    }
    return CodecChoice{row.kind, static_cast<int>(*level)};
  }
  return make_error(ErrorKind::kUsage,
                    "\"{}\" is not a codec (zstd[:LEVEL], lzo, snappy, zlib[:LEVEL], none)",
                    text);
}

std::string codec_name(const CodecChoice& choice) {
  const CodecRow& row = row_of(choice.kind);
  if (row.min_level == row.max_level) return std::string(row.name);
  return fmt::format("{}:{}", row.name, choice.level);
}

std::uint32_t codec_flag(CodecKind kind) { return row_of(kind).flag; }

Result<std::unique_ptr<PageCodec>> make_codec(const CodecChoice& choice, std::size_t page_size) {
  switch (choice.kind) {
    case CodecKind::kZstd:
      return ZstdCodec::create(choice.level, page_size);
    case CodecKind::kZlib:
      return ZlibCodec::create(choice.level, page_size);
    case CodecKind::kLzo:
      return std::unique_ptr<PageCodec>(std::make_unique<LzoCodec>(page_size));
    case CodecKind::kSnappy:
      return std::unique_ptr<PageCodec>(std::make_unique<SnappyCodec>(page_size));
    case CodecKind::kNone:
      break;
  }
  return std::unique_ptr<PageCodec>();
}

}  // namespace kdump::capture
