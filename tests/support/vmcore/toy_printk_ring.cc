// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_printk_ring.h"

#include "base/io.h"

#include <fmt/format.h>

namespace kdump::capture::test {
namespace {

constexpr std::uint64_t kIdMask = (std::uint64_t{1} << 62U) - 1;

}  // namespace

ToyPrintkRing::ToyPrintkRing(ToyKernel& kernel,
                             unsigned count_bits,
                             unsigned size_bits,
                             bool exact_fit)
    : memory_(kernel.memory()),
      count_bits_(count_bits),
      size_bits_(size_bits),
      exact_fit_(exact_fit),
      ring_(kernel.allocate(4096)),
      descs_(kernel.allocate(kDescSize << count_bits)),
      infos_(kernel.allocate(kInfoSize << count_bits)),
      data_(kernel.allocate(std::uint64_t{1} << size_bits)),
      // As the kernel: the first ids are such that both rings wrap early.
      head_id_((0 - (std::uint64_t{1} << count_bits)) & kIdMask),
      tail_id_(head_id_) {
  const PhysAddr pointer = kernel.allocate(4096);
  memory_.put(pointer, kernel.kernel_image(ring_).value());
  kernel.set_key("SYMBOL(prb)", fmt::format("{:x}", kernel.kernel_image(pointer).value()));
  const std::vector<std::pair<std::string, std::uint64_t>> keys = {
      {"OFFSET(printk_ringbuffer.desc_ring)", 0},
      {"OFFSET(printk_ringbuffer.text_data_ring)", kSizeBits},
      {"OFFSET(prb_desc_ring.count_bits)", kCountBits},
      {"OFFSET(prb_desc_ring.descs)", kDescs},
      {"OFFSET(prb_desc_ring.infos)", kInfos},
      {"OFFSET(prb_desc_ring.head_id)", kHeadId},
      {"OFFSET(prb_desc_ring.tail_id)", kTailId},
      {"SIZE(printk_info)", kInfoSize}};
  for (const auto& [key, value] : keys) kernel.set_key(key, std::to_string(value));
  memory_.put(ring_ + kCountBits, count_bits);
  memory_.put(ring_ + kSizeBits, size_bits);
  memory_.put(ring_ + kDescs, kernel.direct_map(descs_).value());
  memory_.put(ring_ + kInfos, kernel.direct_map(infos_).value());
  memory_.put(ring_ + kData, kernel.direct_map(data_).value());
  // The kernel's initial record: reusable.
  put_record(0, 0, 1, 1, State::kReusable);
  write_ids();
}

PhysAddr ToyPrintkRing::descriptor(std::uint64_t id) const {
  return descs_ + id % (std::uint64_t{1} << count_bits_) * kDescSize;
}

PhysAddr ToyPrintkRing::info(std::uint64_t id) const {
  return infos_ + id % (std::uint64_t{1} << count_bits_) * kInfoSize;
}

void ToyPrintkRing::write_ids() {
  memory_.put(ring_ + kHeadId, head_id_);
  memory_.put(ring_ + kTailId, tail_id_);
}

void ToyPrintkRing::put_record(std::uint64_t nanoseconds,
                               std::size_t length,
                               std::uint64_t begin,
                               std::uint64_t next,
                               State state) {
  memory_.put(descriptor(head_id_), head_id_ | static_cast<std::uint64_t>(state) << 62U);
  memory_.put(descriptor(head_id_) + 8, begin);
  memory_.put(descriptor(head_id_) + 16, next);
  memory_.put(info(head_id_), seq_++);
  memory_.put(info(head_id_) + 8, nanoseconds);
  memory_.put(info(head_id_) + 16, static_cast<std::uint16_t>(length));
}

void ToyPrintkRing::add(std::uint64_t nanoseconds, std::string_view text, State state) {
  const std::uint64_t size = std::uint64_t{1} << size_bits_;
  const std::uint64_t block = (8 + text.size() + 7) / 8 * 8;
  std::uint64_t begin = next_position_;
  std::uint64_t next = begin + block;
  std::uint64_t place = begin % size;
  const bool fits = begin / size == next / size || (exact_fit_ && next % size == 0);
  if (!fits) {
    next = next / size * size + block;
    place = 0;
  }
  next_position_ = next;
  head_id_ = (head_id_ + 1) & kIdMask;
  begins_.push_back(begin);
  put_record(nanoseconds, text.size(), begin, next, state);
  memory_.put(data_ + place, head_id_);
  memory_.write(data_ + place + 8, as_bytes(text));
  // Whoever was overwritten is gone, and so is whoever shared the slot.
  const std::uint64_t count = std::uint64_t{1} << count_bits_;
  while (((head_id_ - tail_id_) & kIdMask) >= count) tail_id_ = (tail_id_ + 1) & kIdMask;
  for (std::uint64_t age = (head_id_ - tail_id_) & kIdMask; age > 0; --age) {
    if (age >= begins_.size() || next - begins_[begins_.size() - 1 - age] > size) {
      tail_id_ = (head_id_ - age + 1) & kIdMask;
    }
    if (age < begins_.size() && next - begins_[begins_.size() - 1 - age] <= size) break;
  }
  write_ids();
}

void ToyPrintkRing::add_without_data(std::uint64_t nanoseconds, std::uint64_t position) {
  head_id_ = (head_id_ + 1) & kIdMask;
  begins_.push_back(next_position_);
  put_record(nanoseconds, 0, position, position, State::kFinalized);
  write_ids();
}

}  // namespace kdump::capture::test
