// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tests/support/vmcore/toy_kernel.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kdump::capture::test {

/// A printk ring in a toy kernel, filled as kernel/printk/printk_ringbuffer.c does: descriptors and
/// text in rings of their own, old records making room for new ones.
class ToyPrintkRing {
 public:
  /// Rings of 2^count_bits records and 2^size_bits bytes. `exact_fit`: a block may end exactly at
  /// the end of the buffer (6.18); before, it was moved to the start.
  ToyPrintkRing(ToyKernel& kernel, unsigned count_bits, unsigned size_bits, bool exact_fit = false);

  enum class State : std::uint64_t { kReserved = 0, kCommitted = 1, kFinalized = 2, kReusable = 3 };
  void add(std::uint64_t nanoseconds, std::string_view text, State state = State::kFinalized);
  /// A record for whose text there was no room, or that has none.
  void add_without_data(std::uint64_t nanoseconds, std::uint64_t position);

  /// Addresses of what a test wants to damage.
  [[nodiscard]] PhysAddr ring() const { return ring_; }
  [[nodiscard]] PhysAddr descriptor(std::uint64_t id) const;
  [[nodiscard]] PhysAddr info(std::uint64_t id) const;
  [[nodiscard]] PhysAddr data() const { return data_; }
  [[nodiscard]] std::uint64_t last_id() const { return head_id_; }

  // Offsets in struct printk_ringbuffer, as all samples of VMCOREINFO but the newest say.
  static constexpr std::uint64_t kCountBits = 0, kDescs = 8, kInfos = 16, kHeadId = 24,
                                 kTailId = 32, kSizeBits = 40, kData = 48;
  static constexpr std::uint64_t kDescSize = 24, kInfoSize = 88;

 private:
  void put_record(std::uint64_t nanoseconds,
                  std::size_t length,
                  std::uint64_t begin,
                  std::uint64_t next,
                  State state);
  void write_ids();

  FakeMemoryImage& memory_;
  unsigned count_bits_;
  unsigned size_bits_;
  bool exact_fit_;
  PhysAddr ring_, descs_, infos_, data_;
  std::uint64_t head_id_;
  std::uint64_t tail_id_;
  std::uint64_t next_position_ = 0;
  std::uint64_t seq_ = ~std::uint64_t{0};  ///< of the next record; the initial one is none
  std::vector<std::uint64_t> begins_;      ///< by record, to make room
};

}  // namespace kdump::capture::test
