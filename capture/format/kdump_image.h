// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/format/kdump_file.h"
#include "capture/vmcore/memory_image.h"

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kdump::capture {

/// A kdump-compressed dump as the memory of a crashed machine, to be filtered further, compressed
/// otherwise, or brought into another form. ranges() has every page that existed; those that were
/// left out cannot be read, and keep_present() tells which these are.
///
/// Memory beside that of KdumpFile: for each view and for read() a window of 128 KiB, a page, and
/// what the codec takes; half a MiB of pages that read() looked at last.
class KdumpImage final : public MemoryImage {
 public:
  /// Errors name `path`. kUnsupported too: a part of a split dump.
  static Result<std::unique_ptr<KdumpImage>> open(std::unique_ptr<DumpFile> file,
                                                  const std::string& path);

  [[nodiscard]] const KdumpFile& file() const { return file_; }

  [[nodiscard]] std::uint16_t machine() const override { return file_.headers().machine(); }
  [[nodiscard]] const RangeSet& ranges() const override { return ranges_; }
  [[nodiscard]] std::uint64_t missing_bytes() const override { return 0; }
  [[nodiscard]] bool incomplete() const override {
    return file_.headers().incomplete() || file_.file().cut_off();
  }
  [[nodiscard]] bool erased() const override { return file_.headers().eraseinfo.size > 0; }
  [[nodiscard]] std::uint64_t index_bytes() const override { return file_.file().index_bytes(); }
  [[nodiscard]] std::uint32_t dump_level() const override { return file_.headers().dump_level; }
  [[nodiscard]] std::optional<Utsname> utsname() const override { return file_.headers().utsname; }
  Status keep_present(Pfn first, std::span<std::byte> bits) const override;
  [[nodiscard]] std::optional<PhysAddr> header_address(VirtAddr /*address*/) const override {
    return std::nullopt;
  }
  Status read(PhysAddr address, std::span<std::byte> into) const override;
  [[nodiscard]] std::unique_ptr<MemoryView> view() const override;
  [[nodiscard]] std::uint64_t notes_size() const override;
  Status read_notes(std::uint64_t offset, std::span<std::byte> into) const override;

 private:
  struct CachedPage {
    std::optional<Pfn> pfn;
    std::uint64_t last_use = 0;
    std::vector<std::byte> bytes;
  };

  explicit KdumpImage(KdumpFile file);
  Status add_missing_vmcoreinfo();
  Result<const CachedPage*> cached(Pfn pfn) const;

  KdumpFile file_;
  RangeSet ranges_;
  /// VMCOREINFO as a note before the others, in files that have it outside of them only.
  std::vector<std::byte> made_note_;
  // Page tables and symbol tables are read in pieces of a few bytes.
  mutable std::mutex mutex_;
  mutable KdumpPageReader reader_;
  mutable std::vector<CachedPage> cache_;
  mutable std::uint64_t clock_ = 0;
};

}  // namespace kdump::capture
