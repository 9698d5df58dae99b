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

/// The buffer's own variables.
struct LogBuffer {
  VirtAddr start;
  std::uint64_t size = 0;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
};

Result<LogBuffer> read_head(const Vmcoreinfo& info, const KernelMemory& memory) {
  LogBuffer log;
  log.start = VirtAddr(TRY(read_variable<std::uint64_t>(info, memory, "log_buf")));
  log.size = TRY(read_variable<std::uint32_t>(info, memory, "log_buf_len"));
  log.first = TRY(read_variable<std::uint32_t>(info, memory, "log_first_idx"));
  log.next = TRY(read_variable<std::uint32_t>(info, memory, "log_next_idx"));
  if (log.size > kMaxBuffer || log.first >= log.size || log.next > log.size) {
    return make_error(ErrorKind::kBadData,
                      "log buffer of {} bytes, records from {} to {}",
                      log.size,
                      log.first,
                      log.next);
  }
  return log;
}

/// Calls `visit(index, header, text_length)` for each record from log.first on. False: behind a bad
/// record nothing can be found, because records are chained by their lengths.
template <typename Visit>
Result<bool> walk(const LogBuffer& log,
                  const RecordLayout& layout,
                  const KernelMemory& memory,
                  Visit visit) {
  std::vector<std::byte> header(static_cast<std::size_t>(layout.header_size));
  std::uint64_t walked = 0;
  for (std::uint64_t index = log.first; index != log.next && walked < log.size;) {
    // No record begins where none fits; a length of 0 says the same.
    const bool fits = log.size - index >= layout.header_size;
    std::uint64_t length = 0;
    if (fits) {
      TRY(memory.read(log.start + index, header));
      length = at<std::uint16_t>(header, layout.len);
    }
    if (length == 0) {
      walked += log.size - index;
      if (index == 0) break;
      index = 0;
      continue;
    }
    const std::uint64_t text_length = at<std::uint16_t>(header, layout.text_len);
    if (length < layout.header_size || length > log.size - index ||
        text_length > length - layout.header_size) {
      return false;
    }
    TRY(visit(index, header, text_length));
    index += length;
    walked += length;
  }
  return true;
}

/// Where the log was cleared, when a record begins there: a buffer that was filled anew since then
/// has none, and all of it is newer.
std::uint64_t first_since_clear(const Vmcoreinfo& info,
                                const KernelMemory& memory,
                                const LogBuffer& log,
                                const RecordLayout& layout) {
  const auto clear = read_variable<std::uint32_t>(info, memory, "clear_idx");
  if (!clear) return log.first;
  bool found = *clear == log.next;
  const auto look = [&](std::uint64_t index, const auto& /*header*/, std::uint64_t) -> Status {
    found = found || index == *clear;
    return {};
  };
  return walk(log, layout, memory, look) && found ? *clear : log.first;
}

}  // namespace

Result<std::vector<KernelPiece>> log_buf_memory(const Vmcoreinfo& info,
                                                const KernelMemory& memory) {
  const VirtAddr buffer(TRY(read_variable<std::uint64_t>(info, memory, "log_buf")));
  const std::uint64_t size = TRY(read_variable<std::uint32_t>(info, memory, "log_buf_len"));
  if (size > kMaxBuffer) {
    return make_error(ErrorKind::kBadData, "log buffer of {} bytes", size);
  }
  return std::vector<KernelPiece>{{buffer, size}};
}

Result<KernelLogCounts> read_log_buf(const Vmcoreinfo& info,
                                     const KernelMemory& memory,
                                     const LogSink& sink,
                                     LogPart part) {
  const RecordLayout layout = TRY(resolve(info));
  LogBuffer log = TRY(read_head(info, memory));
  if (part == LogPart::kSinceClear) log.first = first_since_clear(info, memory, log, layout);
  KernelLogCounts counts;
  std::string text;
  const auto show = [&](std::uint64_t index,
                        const std::vector<std::byte>& header,
                        std::uint64_t text_length) -> Status {
    text.resize(static_cast<std::size_t>(text_length));
    const VirtAddr from = log.start + index + layout.header_size;
    if (!memory.read(from, std::as_writable_bytes(std::span(text)))) {
      ++counts.damaged;
      return {};
    }
    ++counts.records;
    return sink(format_log_record(at<std::uint64_t>(header, layout.ts_nsec), text));
  };
  if (!TRY(walk(log, layout, memory, show))) ++counts.damaged;
  return counts;
}

}  // namespace kdump::capture
