// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace kdump::capture {

/// Unpacks pages that any PageCodec (capture/format/page_codec.h), makedumpfile or QEMU has packed.
/// What it is given may be anything. One object a thread; zstd takes 0.2 MiB once it is needed.
class PageDecoder {
 public:
  PageDecoder();
  PageDecoder(PageDecoder&&) noexcept;
  PageDecoder& operator=(PageDecoder&&) noexcept;
  ~PageDecoder();

  /// `flags`: the codec's bit in the page descriptor, 0 for a page stored as it is. Fills `page`
  /// exactly. kBadData: the data is not that of such a page. kUnsupported: no such codec.
  Status decode(std::uint32_t flags, std::span<const std::byte> data, std::span<std::byte> page);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace kdump::capture
