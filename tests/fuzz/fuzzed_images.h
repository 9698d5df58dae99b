// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "capture/vmcore/memory_image.h"
#include "tests/fuzz/fuzz_input.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kdump::capture::fuzz {

/// An image without notes whose memory is shown a page at a time.
class PagedImage : public MemoryImage {
 public:
  static constexpr std::uint64_t kPage = 4096;

  [[nodiscard]] std::uint64_t missing_bytes() const override { return 0; }
  [[nodiscard]] std::optional<PhysAddr> header_address(VirtAddr /*address*/) const override {
    return std::nullopt;
  }
  [[nodiscard]] std::unique_ptr<MemoryView> view() const override;
  [[nodiscard]] std::uint64_t notes_size() const override { return 0; }
  Status read_notes(std::uint64_t offset, std::span<std::byte> into) const override;
};

/// 256 MiB of memory that are the same few bytes over and over, so that a pointer finds some of
/// them wherever it leads.
class RepeatedImage final : public PagedImage {
 public:
  RepeatedImage(std::uint16_t machine, std::span<const std::byte> pattern);
  [[nodiscard]] std::uint16_t machine() const override { return machine_; }
  [[nodiscard]] const RangeSet& ranges() const override { return ranges_; }
  Status read(PhysAddr address, std::span<std::byte> into) const override;

 private:
  std::uint16_t machine_;
  std::vector<std::byte> pattern_;
  RangeSet ranges_;
};

/// Another image with some bytes changed.
class EditedImage final : public PagedImage {
 public:
  explicit EditedImage(const MemoryImage& base) : base_(base) {}
  void edit(PhysAddr address, std::span<const std::byte> bytes);

  [[nodiscard]] std::uint16_t machine() const override { return base_.machine(); }
  [[nodiscard]] const RangeSet& ranges() const override { return base_.ranges(); }
  Status read(PhysAddr address, std::span<std::byte> into) const override;

 private:
  const MemoryImage& base_;
  std::map<std::uint64_t, std::array<std::byte, kPage>> pages_;
};

/// Reads an image at the ends of its first ranges, by reading and through a window.
void read_around(const MemoryImage& image);

/// Reads edits of the memory in `regions` and of VMCOREINFO's values from the rest of the input.
/// Returns the changed text.
std::string apply_edits(FuzzInput& input,
                        std::span<const Range> regions,
                        std::string_view vmcoreinfo,
                        EditedImage& image);

}  // namespace kdump::capture::fuzz
