// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/vmcore/memory_image.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture::test {

/// ThreadSanitizer does not let a signal handler be left by siglongjmp: tests of faults have to be
/// skipped under it.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kFaultsCanBeTested = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kFaultsCanBeTested = false;
#else
inline constexpr bool kFaultsCanBeTested = true;
#endif
#else
inline constexpr bool kFaultsCanBeTested = true;
#endif

/// Physical memory for tests: zero unless written, with pages that refuse to be read, and notes.
class FakeMemoryImage final : public MemoryImage {
 public:
  static constexpr std::uint64_t kPage = 4096;

  void add_memory(Range bytes) { ranges_.add(bytes); }
  void write(PhysAddr address, std::span<const std::byte> bytes);
  template <typename T>
  void put(PhysAddr address, const T& value) {
    write(address, std::as_bytes(std::span(&value, 1)));
  }
  template <typename T>
  [[nodiscard]] T get(PhysAddr address) const {
    T value{};
    copy(address, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void set_unreadable(PhysAddr address) { unreadable_.insert(address.value() / kPage); }
  void set_machine(std::uint16_t machine) { machine_ = machine; }
  /// Appends a note in the format of elf(5).
  void add_note(std::string_view name, std::uint32_t type, std::string_view desc);
  void add_raw_notes(std::span<const std::byte> bytes);

  /// The same memory as a sparse ELF vmcore; segment data begins at page boundaries.
  Status save_elf(const std::string& path) const;

  [[nodiscard]] std::uint16_t machine() const override { return machine_; }
  [[nodiscard]] const RangeSet& ranges() const override { return ranges_; }
  [[nodiscard]] std::uint64_t missing_bytes() const override { return 0; }
  [[nodiscard]] std::optional<PhysAddr> header_address(VirtAddr address) const override;
  Status read(PhysAddr address, std::span<std::byte> into) const override;
  [[nodiscard]] std::unique_ptr<MemoryView> view() const override;
  [[nodiscard]] std::uint64_t notes_size() const override { return notes_.size(); }
  Status read_notes(std::uint64_t offset, std::span<std::byte> into) const override;

  /// A kernel address that only the image's headers know.
  void set_header_address(VirtAddr virt, PhysAddr phys) { header_addresses_[virt] = phys; }

 private:
  friend class FakeMemoryView;
  using Page = std::array<std::byte, kPage>;
  void copy(PhysAddr address, std::span<std::byte> into) const;

  std::uint16_t machine_ = 62;  // EM_X86_64
  RangeSet ranges_;
  std::map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::set<std::uint64_t> unreadable_;
  std::vector<std::byte> notes_;
  std::map<VirtAddr, PhysAddr> header_addresses_;
};

}  // namespace kdump::capture::test
