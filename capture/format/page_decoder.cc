// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_decoder.h"

#include "capture/format/kdump_format.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>

namespace kdump::capture {
namespace {

struct Deleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};

bool decode_lzo(std::span<const std::byte> data, std::span<std::byte> page) {
  lzo_uint size = page.size();
  const int status =
      lzo1x_decompress_safe(reinterpret_cast<const unsigned char*>(data.data()),  // NOLINT
                            data.size(),
                            reinterpret_cast<unsigned char*>(page.data()),  // NOLINT
                            &size,
                            nullptr);
  return status == LZO_E_OK && size == page.size();
}

bool decode_snappy(std::span<const std::byte> data, std::span<std::byte> page) {
  const auto* const from = reinterpret_cast<const char*>(data.data());  // NOLINT
  std::size_t size = 0;
  return snappy::GetUncompressedLength(from, data.size(), &size) && size == page.size() &&
         snappy::RawUncompress(from, data.size(), reinterpret_cast<char*>(page.data()));  // NOLINT
}

}  // namespace

struct PageDecoder::Contexts {
  std::unique_ptr<libdeflate_decompressor, Deleter> zlib;
  std::unique_ptr<ZSTD_DCtx, Deleter> zstd;

  bool decode_zlib(std::span<const std::byte> data, std::span<std::byte> page) {
    if (!zlib) zlib.reset(libdeflate_alloc_decompressor());
    // Without a place for the size it must be that of the page.
    return zlib && libdeflate_zlib_decompress(
                       zlib.get(), data.data(), data.size(), page.data(), page.size(), nullptr) ==
                       LIBDEFLATE_SUCCESS;
  }
  bool decode_zstd(std::span<const std::byte> data, std::span<std::byte> page) {
    if (!zstd) zstd.reset(ZSTD_createDCtx());
    return zstd &&
           ZSTD_decompressDCtx(zstd.get(), page.data(), page.size(), data.data(), data.size()) ==
               page.size();
  }
};

PageDecoder::PageDecoder() : contexts_(std::make_unique<Contexts>()) {}
PageDecoder::PageDecoder(PageDecoder&&) noexcept = default;
PageDecoder& PageDecoder::operator=(PageDecoder&&) noexcept = default;
PageDecoder::~PageDecoder() = default;

Status PageDecoder::decode(std::uint32_t flags,
                           std::span<const std::byte> data,
                           std::span<std::byte> page) {
  bool done = false;
  switch (flags) {
    case 0:
      done = data.size() == page.size();
      if (done) std::copy(data.begin(), data.end(), page.begin());
      break;
    case kCompressedZlib:
      done = contexts_->decode_zlib(data, page);
      break;
    case kCompressedLzo:
      done = decode_lzo(data, page);
      break;
    case kCompressedSnappy:
      done = decode_snappy(data, page);
      break;
    case kCompressedZstd:
      done = contexts_->decode_zstd(data, page);
      break;
    default:
      return make_error(ErrorKind::kUnsupported, "no codec has the flags {:#x}", flags);
  }
  if (!done) return make_error(ErrorKind::kBadData, "the page does not unpack");
  return {};
}

}  // namespace kdump::capture
