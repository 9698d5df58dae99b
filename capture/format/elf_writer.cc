// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/elf_writer.h"

#include "capture/format/elf_page_copier.h"
#include "capture/vmcore/elf_core.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <elf.h>
#include <limits>
#include <optional>
#include <vector>

namespace kdump::capture {
namespace {

constexpr std::size_t kFlagsOffset = offsetof(Elf64_Ehdr, e_flags);
constexpr std::size_t kSegmentsPerWrite = 4096;
constexpr std::size_t kNoteCopyStep = std::size_t{256} << 10U;

/// Calls `visit(run, rank)` for each run of dumped pages, ascending; runs go on across blocks.
template <typename Visit>
Status for_each_run(const PageBitmap& bitmap, Visit visit) {
  Range run;
  std::uint64_t rank = 0;
  const auto end_run = [&]() -> Status {
    if (run.empty()) return {};
    TRY(visit(run, rank));
    rank += run.size();
    run = {};
    return {};
  };
  for (std::size_t i = 0; i < bitmap.blocks(); ++i) {
    if (bitmap.dumped_in_block(i) == 0) continue;
    const BlockBits bits = TRY(bitmap.dumped(i));
    const std::uint64_t first = bitmap.first_page(i).value();
    for (std::uint64_t page = bits.next_set(0); page < BlockBits::kPages;) {
      const std::uint64_t end = bits.next_clear(page);
      if (run.empty() || run.end != first + page) {
        TRY(end_run());
        run.start = first + page;
      }
      run.end = first + end;
      page = end == BlockBits::kPages ? end : bits.next_set(end);
    }
  }
  return end_run();
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Status ElfWriter::begin(const PageBitmap& /*existing*/, DumpLevel /*level*/) { return {}; }

Status ElfWriter::write_header(Elf64_Word flags) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = image_.machine();
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_flags = flags;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  const std::uint64_t count = layout_.segments + 1;
  header.e_phnum = static_cast<Elf64_Half>(std::min<std::uint64_t>(count, PN_XNUM));
  if (count >= PN_XNUM) {
    header.e_shoff = sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 1;
    Elf64_Shdr section{};
    section.sh_info = static_cast<Elf64_Word>(count);
    TRY(output_.write_at(header.e_shoff, bytes_of(section)));
  }
  const auto bytes = bytes_of(header);
  if (!output_.is_stream()) return output_.write_at(0, bytes);
  constexpr std::size_t kBehind = kFlagsOffset + sizeof(Elf64_Ehdr::e_flags);
  TRY(output_.write_at(0, bytes.first(kFlagsOffset)));
  return output_.write_at(kBehind, bytes.subspan(kBehind));
}

Status ElfWriter::write_flags(Elf64_Word flags) {
  return output_.write_at(kFlagsOffset, bytes_of(flags));
}

Status ElfWriter::write_segments(const PageBitmap& bitmap) {
  std::vector<Elf64_Phdr> batch;
  std::uint64_t at = sizeof(Elf64_Ehdr);
  const auto flush = [&]() -> Status {
    TRY(output_.write_at(at, std::as_bytes(std::span(batch))));
    at += batch.size() * sizeof(Elf64_Phdr);
    batch.clear();
    return {};
  };
  Elf64_Phdr notes{};
  notes.p_type = PT_NOTE;
  notes.p_offset = layout_.notes_offset;
  notes.p_filesz = image_.notes_size();
  notes.p_memsz = image_.notes_size();
  batch.push_back(notes);
  TRY(for_each_run(bitmap, [&](const Range& run, std::uint64_t rank) -> Status {
    Elf64_Phdr load{};
    load.p_type = PT_LOAD;
    load.p_flags = PF_R | PF_W | PF_X;
    load.p_offset = layout_.data_offset + (rank << shift_.bits);
    load.p_paddr = to_phys(Pfn(run.start), shift_).value();
    const auto virt = image_.header_virtual(PhysAddr(load.p_paddr));
    load.p_vaddr = virt ? virt->value() : 0;
    load.p_filesz = run.size() << shift_.bits;
    load.p_memsz = load.p_filesz;
    batch.push_back(load);
    return batch.size() < kSegmentsPerWrite ? Status() : flush();
  }));
  return flush();
}

Status ElfWriter::write_notes() {
  const std::uint64_t size = image_.notes_size();
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(kNoteCopyStep, size)));
  for (std::uint64_t at = 0; at < size; at += buffer.size()) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at)));
    TRY(image_.read_notes(at, part));
    TRY(output_.write_at(layout_.notes_offset + at, part));
  }
  const std::uint64_t end = layout_.notes_offset + size;
  const std::vector<std::byte> rest(static_cast<std::size_t>(layout_.data_offset - end));
  return output_.write_at(end, rest);
}

Result<CopyCounts> ElfWriter::copy(const PageBitmap& bitmap,
                                   DumpLevel /*level*/,
                                   const CopyOptions& options,
                                   std::atomic<std::uint64_t>& pages_done) {
  layout_ = {};
  TRY(for_each_run(bitmap, [this](const Range&, std::uint64_t) -> Status {
    ++layout_.segments;
    return {};
  }));
  // With the PT_NOTE the number must fit into sh_info.
  if (layout_.segments >= std::numeric_limits<Elf64_Word>::max()) {
    return make_error(ErrorKind::kUnsupported,
                      "{} runs of pages are more than an ELF file can hold",
                      layout_.segments);
  }
  const std::uint64_t headers = sizeof(Elf64_Ehdr) + (layout_.segments + 1) * sizeof(Elf64_Phdr);
  layout_.notes_offset = headers + (layout_.segments + 1 >= PN_XNUM ? sizeof(Elf64_Shdr) : 0);
  layout_.data_offset = align_up(layout_.notes_offset + image_.notes_size(), shift_.page_size());
  TRY(write_header(kDumpElfIncomplete));
  TRY(write_segments(bitmap));
  TRY(write_notes());
  // A stream that is cut off later has all of this, and what a device held before is no dump now.
  if (!output_.is_sparse()) TRY(output_.sync());
  return copy_elf_pages(image_,
                        bitmap,
                        shift_,
                        layout_.data_offset,
                        options.threads,
                        options.first,
                        output_,
                        pages_done);
}

Status ElfWriter::complete() {
  TRY(output_.sync());
  const Elf64_Word flags = image_.incomplete() ? kDumpElfIncomplete : 0;
  TRY(output_.is_stream() ? write_flags(flags) : write_header(flags));
  return output_.sync();
}

Status ElfWriter::abandon() {
  if (!output_.is_stream() || layout_.data_offset == 0) return {};
  return write_flags(kDumpElfIncomplete);
}

}  // namespace kdump::capture
