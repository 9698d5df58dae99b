// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/log_buf.h"

#include "capture/kernel/log_text.h"

#include <cstring>
#include <string>
#include <vector>

namespace kdump::capture {
namespace {

// kernel/printk/printk.c: LOG_BUF_LEN_MAX.
constexpr std::uint64_t kMaxBuffer = std::uint64_t{2} << 30U;
constexpr std::uint64_t kMaxHeader = 256;

struct RecordLayout {
  std::uint64_t header_size = 0;
  std::uint64_t ts_nsec = 0, len = 0, text_len = 0;
};

Result<RecordLayout> resolve(const Vmcoreinfo& info) {
  for (const std::string_view name : {"printk_log", "log"}) {
    const auto size = info.size(name);
    const auto ts_nsec = info.offset(fmt::format("{}.ts_nsec", name));
    const auto len = info.offset(fmt::format("{}.len", name));
    const auto text_len = info.offset(fmt::format("{}.text_len", name));
    if (!size || !ts_nsec || !len || !text_len) continue;
    if (*size > kMaxHeader || *ts_nsec + 8 > *size || *len + 2 > *size || *text_len + 2 > *size) {
      return make_error(ErrorKind::kBadData, "VMCOREINFO describes an impossible struct {}", name);
    }
    return RecordLayout{*size, *ts_nsec, *len, *text_len};
  }
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SIZE(printk_log) and its offsets");
}

template <typename T>
Result<T> read_variable(const Vmcoreinfo& info, const KernelMemory& memory, std::string_view name) {
  const auto symbol = info.symbol(name);
  if (!symbol) return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL({})", name);
  return memory.read<T>(*symbol);
}

template <typename T>
T at(const std::vector<std::byte>& bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

Result<KernelLogCounts> read_log_buf(const Vmcoreinfo& info,
                                     const KernelMemory& memory,
                                     const LogSink& sink) {
  const RecordLayout layout = TRY(resolve(info));
  const VirtAddr buffer(TRY(read_variable<std::uint64_t>(info, memory, "log_buf")));
  const std::uint64_t size = TRY(read_variable<std::uint32_t>(info, memory, "log_buf_len"));
  const std::uint64_t first = TRY(read_variable<std::uint32_t>(info, memory, "log_first_idx"));
  const std::uint64_t next = TRY(read_variable<std::uint32_t>(info, memory, "log_next_idx"));
  if (size > kMaxBuffer || first >= size || next > size) {
    return make_error(
        ErrorKind::kBadData, "log buffer of {} bytes, records from {} to {}", size, first, next);
  }
  KernelLogCounts counts;
  std::vector<std::byte> header(static_cast<std::size_t>(layout.header_size));
  std::string text;
  std::uint64_t walked = 0;
  for (std::uint64_t index = first; index != next && walked < size;) {
    // No record begins where none fits; a length of 0 says the same.
    const bool fits = size - index >= layout.header_size;
    std::uint64_t length = 0;
    if (fits) {
      TRY(memory.read(buffer + index, header));
      length = at<std::uint16_t>(header, layout.len);
    }
    if (length == 0) {
      walked += size - index;
      if (index == 0) break;
      index = 0;
      continue;
    }
    const std::uint64_t text_length = at<std::uint16_t>(header, layout.text_len);
    if (length < layout.header_size || length > size - index ||
        text_length > length - layout.header_size) {
      // Records are chained by their lengths: behind a bad one nothing can be found.
      ++counts.damaged;
      break;
    }
    text.resize(static_cast<std::size_t>(text_length));
    if (memory.read(buffer + index + layout.header_size, std::as_writable_bytes(std::span(text)))) {
      TRY(sink(format_log_record(at<std::uint64_t>(header, layout.ts_nsec), text)));
      ++counts.records;
    } else {
      ++counts.damaged;
    }
    index += length;
    walked += length;
  }
  return counts;
}

}  // namespace kdump::capture
