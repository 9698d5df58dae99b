// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/vmcore/dump_file.h"
#include "capture/vmcore/elf_core.h"
#include "capture/vmcore/memory_image.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kdump::capture {

/// /proc/vmcore, or an ELF vmcore in a regular file, flattened or not.
class ElfImage final : public MemoryImage {
 public:
  /// How views get at the bytes.
  enum class Access {
    kChoose,  ///< /proc/vmcore is mapped, other files are read
    kMap,     ///< mmap; read where that fails, and flattened files
    kRead,    ///< read only
  };
  /// Errors name `path`.
  static Result<std::unique_ptr<ElfImage>> open(const std::string& path,
                                                Access access = Access::kChoose);
  static Result<std::unique_ptr<ElfImage>> open(std::unique_ptr<DumpFile> file,
                                                const std::string& path,
                                                Access access);

  [[nodiscard]] std::uint16_t machine() const override { return core_.machine; }
  [[nodiscard]] const RangeSet& ranges() const override { return ranges_; }
  [[nodiscard]] std::uint64_t missing_bytes() const override { return missing_; }
  [[nodiscard]] bool incomplete() const override { return core_.incomplete || file_->cut_off(); }
  [[nodiscard]] std::uint64_t index_bytes() const override;
  [[nodiscard]] std::optional<PhysAddr> header_address(VirtAddr address) const override;
  [[nodiscard]] std::optional<VirtAddr> header_virtual(PhysAddr address) const override;
  Status read(PhysAddr address, std::span<std::byte> into) const override;
  [[nodiscard]] std::unique_ptr<MemoryView> view() const override;
  [[nodiscard]] std::uint64_t notes_size() const override { return notes_size_; }
  Status read_notes(std::uint64_t offset, std::span<std::byte> into) const override;

  /// Where physical memory lies in the file: at most `size` bytes in one piece.
  struct Piece {
    FileOffset offset;
    std::uint64_t size = 0;
  };
  [[nodiscard]] Result<Piece> find(PhysAddr address, std::uint64_t size) const;

  [[nodiscard]] const DumpFile& file() const { return *file_; }

 private:
  ElfImage(std::unique_ptr<DumpFile> file, ElfCore core, std::vector<MemorySegment> pieces);

  std::unique_ptr<DumpFile> file_;
  ElfCore core_;
  std::vector<MemorySegment> pieces_;  ///< sorted, disjoint
  RangeSet ranges_;
  Access access_ = Access::kRead;
  std::uint64_t missing_ = 0;
  std::uint64_t notes_size_ = 0;
};

}  // namespace kdump::capture
