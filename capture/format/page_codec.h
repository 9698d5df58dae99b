// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kdump::capture {

enum class CodecKind { kNone, kZlib, kLzo, kSnappy, kZstd };

/// How pages are compressed: each by itself, because readers fetch them one by one.
struct CodecChoice {
  CodecKind kind = CodecKind::kZstd;
  int level = 0;  ///< of zstd and zlib
  friend bool operator==(const CodecChoice&, const CodecChoice&) = default;
};

/// zstd:-1, with a lower level for pages that do not look like a kernel's data. Why: the table in
/// docs/decisions/0005-a-short-way-for-memmap-pages.md.
[[nodiscard]] CodecChoice default_codec();

/// "zstd", "zstd:LEVEL" (negative levels are the fast ones), "zlib", "zlib:LEVEL", "lzo", "snappy",
/// "none". kUsage with the valid names and levels otherwise.
Result<CodecChoice> parse_codec(std::string_view text);
[[nodiscard]] std::string codec_name(const CodecChoice& choice);

/// The codec's bit in headers and page descriptors; 0 for none.
[[nodiscard]] std::uint32_t codec_flag(CodecKind kind);

/// Compresses pages; one object a thread.
class PageCodec {
 public:
  virtual ~PageCodec() = default;

  /// Room that compress() must be given for a page.
  [[nodiscard]] virtual std::size_t bound() const = 0;

  /// Compresses `page` into `into` (at least bound() bytes) and returns the size, or 0 when that
  /// failed. The result can be larger than the page.
  virtual std::size_t compress(std::span<const std::byte> page, std::span<std::byte> into) = 0;
};

/// A codec for pages of `page_size` bytes; null for CodecKind::kNone.
Result<std::unique_ptr<PageCodec>> make_codec(const CodecChoice& choice, std::size_t page_size);

}  // namespace kdump::capture
