// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/output.h"

namespace kdump::capture {

Result<std::uint64_t> Output::append(std::span<const std::byte> bytes) {
  const std::uint64_t start = end_.fetch_add(bytes.size());
  TRY(write_at(start, bytes));
  return start;
}

Status Output::read_at(std::uint64_t /*offset*/, std::span<std::byte> /*into*/) const {
  return make_error(ErrorKind::kUnsupported, "this output cannot be read back");
}

Status Output::reserve(std::uint64_t /*offset*/, std::uint64_t /*size*/) { return {}; }

Status Output::start_writeback(std::uint64_t /*offset*/, std::uint64_t /*size*/) { return {}; }

Status Output::finish_writeback(std::uint64_t /*offset*/, std::uint64_t /*size*/) { return {}; }

}  // namespace kdump::capture
