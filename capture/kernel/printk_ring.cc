// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/printk_ring.h"

#include "capture/kernel/log_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace kdump::capture {
namespace {

// A log buffer has at most 2 GiB (kernel/printk/printk.c: LOG_BUF_LEN_MAX), one descriptor for each
// 32 bytes (PRB_AVGBITS).
constexpr std::uint32_t kMaxDataBits = 31;
constexpr std::uint32_t kMaxCountBits = 26;
constexpr std::uint64_t kMaxStructSize = 4096;

// printk_ringbuffer.h: the two top bits of a descriptor's state are its state.
constexpr unsigned kStateShift = 62;
constexpr std::uint64_t kCommitted = 1;
constexpr std::uint64_t kFinalized = 2;
constexpr std::uint64_t kIdMask = (std::uint64_t{1} << kStateShift) - 1;
// Bit 0 of both positions: the record has no text.
constexpr std::uint64_t kNoData = 1;

/// Offsets from VMCOREINFO, added up where structures lie in each other.
struct RingLayout {
  std::uint64_t count_bits = 0, descs = 0, infos = 0, head_id = 0, tail_id = 0;
  std::uint64_t size_bits = 0, data = 0;
  std::uint64_t desc_size = 0, state = 0, begin = 0, next = 0;
  std::uint64_t info_size = 0, ts_nsec = 0, text_len = 0;
  std::optional<std::uint64_t> seq;  ///< needed for a part of the log only
};

/// Looks keys up and remembers the first that is missing.
class Keys {
 public:
  explicit Keys(const Vmcoreinfo& info) : info_(info) {}

  std::uint64_t offset(std::string_view name) { return take("OFFSET", name, info_.offset(name)); }
  std::uint64_t size(std::string_view name) { return take("SIZE", name, info_.size(name)); }
  [[nodiscard]] const std::string& missing() const { return missing_; }

 private:
  std::uint64_t take(std::string_view kind,
                     std::string_view name,
                     std::optional<std::uint64_t> value) {
    if (value && *value <= kMaxStructSize) return *value;
    if (missing_.empty()) missing_ = fmt::format("{}({})", kind, name);
    return 0;
  }
  const Vmcoreinfo& info_;
  std::string missing_;
};

Result<RingLayout> resolve(const Vmcoreinfo& info) {
  Keys keys(info);
  RingLayout ring;
  const std::uint64_t desc_ring = keys.offset("printk_ringbuffer.desc_ring");
  const std::uint64_t text_ring = keys.offset("printk_ringbuffer.text_data_ring");
  const std::uint64_t counter = keys.offset("atomic_long_t.counter");
  ring.count_bits = desc_ring + keys.offset("prb_desc_ring.count_bits");
  ring.descs = desc_ring + keys.offset("prb_desc_ring.descs");
  ring.infos = desc_ring + keys.offset("prb_desc_ring.infos");
  ring.head_id = desc_ring + keys.offset("prb_desc_ring.head_id") + counter;
  ring.tail_id = desc_ring + keys.offset("prb_desc_ring.tail_id") + counter;
  ring.size_bits = text_ring + keys.offset("prb_data_ring.size_bits");
  ring.data = text_ring + keys.offset("prb_data_ring.data");
  ring.desc_size = keys.size("prb_desc");
  ring.state = keys.offset("prb_desc.state_var") + counter;
  const std::uint64_t position = keys.offset("prb_desc.text_blk_lpos");
  ring.begin = position + keys.offset("prb_data_blk_lpos.begin");
  ring.next = position + keys.offset("prb_data_blk_lpos.next");
  ring.info_size = keys.size("printk_info");
  ring.ts_nsec = keys.offset("printk_info.ts_nsec");
  ring.text_len = keys.offset("printk_info.text_len");
  if (!keys.missing().empty()) {
    return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks a usable {}", keys.missing());
  }
  const auto seq = info.offset("printk_info.seq");
  if (seq && *seq <= ring.info_size && ring.info_size - *seq >= sizeof(std::uint64_t)) {
    ring.seq = *seq;
  }
  const auto inside = [](std::uint64_t offset, std::uint64_t width, std::uint64_t size) {
    return offset <= size && size - offset >= width;
  };
  if (!inside(ring.state, 8, ring.desc_size) || !inside(ring.begin, 8, ring.desc_size) ||
      !inside(ring.next, 8, ring.desc_size) || !inside(ring.ts_nsec, 8, ring.info_size) ||
      !inside(ring.text_len, 2, ring.info_size)) {
    return make_error(ErrorKind::kBadData, "VMCOREINFO describes an impossible printk ring");
  }
  return ring;
}

/// The ring's own variables.
struct RingHead {
  std::uint32_t count_bits = 0;
  std::uint32_t size_bits = 0;
  VirtAddr descs, infos, data;
  std::uint64_t head_id = 0, tail_id = 0;

  [[nodiscard]] std::uint64_t count() const { return std::uint64_t{1} << count_bits; }
  [[nodiscard]] std::uint64_t data_size() const { return std::uint64_t{1} << size_bits; }
};

Result<RingHead> read_head(const RingLayout& layout, VirtAddr ring, const KernelMemory& memory) {
  RingHead head;
  head.count_bits = TRY(memory.read<std::uint32_t>(ring + layout.count_bits));
  head.size_bits = TRY(memory.read<std::uint32_t>(ring + layout.size_bits));
  if (head.count_bits == 0 || head.count_bits > kMaxCountBits || head.size_bits == 0 ||
      head.size_bits > kMaxDataBits) {
    return make_error(ErrorKind::kBadData,
                      "printk ring of 2^{} records and 2^{} bytes",
                      head.count_bits,
                      head.size_bits);
  }
  head.descs = VirtAddr(TRY(memory.read<std::uint64_t>(ring + layout.descs)));
  head.infos = VirtAddr(TRY(memory.read<std::uint64_t>(ring + layout.infos)));
  head.data = VirtAddr(TRY(memory.read<std::uint64_t>(ring + layout.data)));
  head.head_id = TRY(memory.read<std::uint64_t>(ring + layout.head_id)) & kIdMask;
  head.tail_id = TRY(memory.read<std::uint64_t>(ring + layout.tail_id)) & kIdMask;
  return head;
}

/// The number of the first record after the last clear; 0 where the kernel does not say. Since 5.13
/// it is held twice (struct latched_seq), so that one of both can be read while the other is
/// written: the smaller one never leaves out too much.
std::uint64_t clear_seq(const Vmcoreinfo& info, const KernelMemory& memory) {
  const auto symbol = info.symbol("clear_seq");
  if (!symbol) return 0;
  const auto values = info.offset("latched_seq.val");
  if (!values) return memory.read<std::uint64_t>(*symbol).value_or(0);
  if (*values > kMaxStructSize) return 0;
  const auto both = memory.read<std::array<std::uint64_t, 2>>(*symbol + *values);
  return both ? std::min((*both)[0], (*both)[1]) : 0;
}

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

class RingReader {
 public:
  RingReader(const RingLayout& layout, const RingHead& head, const KernelMemory& memory)
      : layout_(layout),
        head_(head),
        memory_(memory),
        descs_(layout.desc_size * kBatch),
        info_(layout.info_size) {}

  enum class Outcome { kRecord, kSkipped, kDamaged };

  /// The record with an id, into `text_` and `time_`.
  Outcome read(std::uint64_t id) {
    const std::uint64_t slot = id % head_.count();
    const std::byte* const desc = descriptor(slot);
    if (desc == nullptr) return Outcome::kDamaged;
    const auto state = load<std::uint64_t>(desc + layout_.state);
    const std::uint64_t kind = state >> kStateShift;
    // Reserved or reusable, or the slot belongs to another record.
    if ((state & kIdMask) != id || (kind != kCommitted && kind != kFinalized)) {
      return Outcome::kSkipped;
    }
    if (!memory_.read(head_.infos + slot * layout_.info_size, info_)) return Outcome::kDamaged;
    time_ = load<std::uint64_t>(info_.data() + layout_.ts_nsec);
    if (layout_.seq && load<std::uint64_t>(info_.data() + *layout_.seq) < first_seq_) {
      return Outcome::kSkipped;
    }
    return read_text(load<std::uint64_t>(desc + layout_.begin),
                     load<std::uint64_t>(desc + layout_.next),
                     load<std::uint16_t>(info_.data() + layout_.text_len));
  }

  /// Records with lower numbers are skipped.
  void skip_before(std::uint64_t seq) { first_seq_ = seq; }

  [[nodiscard]] std::uint64_t time() const { return time_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Outcome read_text(std::uint64_t begin, std::uint64_t next, std::uint64_t length) {
    text_.clear();
    if ((begin & kNoData) != 0 && (next & kNoData) != 0) return Outcome::kRecord;
    const std::uint64_t size = head_.data_size();
    // Positions count bytes ever written. A block that would run over the end of the buffer lies at
    // its start instead; one that ends exactly there does not wrap (since 6.18, 67e1b0052f6b).
    const bool wrapped = begin / size != (next - 1) / size;
    const std::uint64_t start = wrapped ? 0 : begin % size;
    const std::uint64_t block = wrapped ? next % size : next - begin;
    constexpr std::uint64_t kBlockHead = sizeof(std::uint64_t);
    if (next - begin > 2 * size || block < kBlockHead || block > size - start) {
      return Outcome::kDamaged;
    }
    text_.resize(static_cast<std::size_t>(std::min(length, block - kBlockHead)));
    const auto into = std::as_writable_bytes(std::span(text_));
    return memory_.read(head_.data + start + kBlockHead, into) ? Outcome::kRecord
                                                               : Outcome::kDamaged;
  }

  /// Descriptors are read many at a time. Where that fails single ones are tried, but not for ever:
  /// a damaged count can claim millions of descriptors in unmapped memory.
  const std::byte* descriptor(std::uint64_t slot) {
    const std::uint64_t batch = slot / kBatch;
    const std::uint64_t size = layout_.desc_size;
    if (!batch_ || *batch_ != batch) {
      batch_ = batch;
      const std::uint64_t here = std::min(kBatch, head_.count() - batch * kBatch);
      batch_readable_ =
          memory_.read(head_.descs + batch * kBatch * size, std::span(descs_).first(here * size))
              .has_value();
      if (!batch_readable_ && salvages_ > 0) --salvages_;
    }
    std::byte* const desc = descs_.data() + slot % kBatch * size;
    if (batch_readable_) return desc;
    if (salvages_ == 0) return nullptr;
    return memory_.read(head_.descs + slot * size, {desc, size}) ? desc : nullptr;
  }

  static constexpr std::uint64_t kBatch = 128;
  static constexpr unsigned kMaxSalvages = 64;

  const RingLayout& layout_;
  const RingHead& head_;
  const KernelMemory& memory_;
  std::vector<std::byte> descs_;
  std::optional<std::uint64_t> batch_;
  bool batch_readable_ = false;
  unsigned salvages_ = kMaxSalvages;
  std::vector<std::byte> info_;
  std::uint64_t first_seq_ = 0;
  std::uint64_t time_ = 0;
  std::string text_;
};

}  // namespace

Result<std::vector<KernelPiece>> printk_ring_memory(const Vmcoreinfo& info,
                                                    const KernelMemory& memory) {
  const RingLayout layout = TRY(resolve(info));
  const auto symbol = info.symbol("prb");
  if (!symbol) return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL(prb)");
  const VirtAddr ring(TRY(memory.read<std::uint64_t>(*symbol)));
  const RingHead head = TRY(read_head(layout, ring, memory));
  return std::vector<KernelPiece>{{*symbol, sizeof(std::uint64_t)},
                                  {ring, std::max(layout.data, layout.tail_id) + 8},
                                  {head.descs, head.count() * layout.desc_size},
                                  {head.infos, head.count() * layout.info_size},
                                  {head.data, head.data_size()}};
}

Result<KernelLogCounts> read_printk_ring(const Vmcoreinfo& info,
                                         const KernelMemory& memory,
                                         const LogSink& sink,
                                         LogPart part) {
  const RingLayout layout = TRY(resolve(info));
  const auto symbol = info.symbol("prb");
  if (!symbol) return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL(prb)");
  // The kernel moves to a larger ring at boot: the symbol is a pointer to the one in use.
  const VirtAddr ring(TRY(memory.read<std::uint64_t>(*symbol)));
  const RingHead head = TRY(read_head(layout, ring, memory));
  // Ids count up and wrap; there are never more of them than descriptors.
  const std::uint64_t ids = std::min(((head.head_id - head.tail_id) & kIdMask) + 1, head.count());
  RingReader reader(layout, head, memory);
  if (part == LogPart::kSinceClear) reader.skip_before(clear_seq(info, memory));
  KernelLogCounts counts;
  for (std::uint64_t i = ids; i > 0; --i) {
    switch (reader.read((head.head_id - (i - 1)) & kIdMask)) {
      case RingReader::Outcome::kRecord:
        TRY(sink(format_log_record(reader.time(), reader.text())));
        ++counts.records;
        break;
      case RingReader::Outcome::kDamaged:
        ++counts.damaged;
        break;
      case RingReader::Outcome::kSkipped:
        break;
    }
  }
  return counts;
}

}  // namespace kdump::capture
