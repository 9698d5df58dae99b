// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/elf_core.h"

#include "base/checked_math.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>

namespace kdump::capture {
namespace {

// 64 million struct pages need less than ten thousand segments; this bounds what a broken e_phnum
// costs.
constexpr std::uint64_t kMaxSegments = std::uint64_t{1} << 20U;
constexpr std::size_t kHeadersPerRead = 512;

template <typename T>
Result<T> read_struct(const FileReader& read, std::uint64_t offset) {
  T value{};
  TRY(read(offset, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

Status check_header(const Elf64_Ehdr& header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return make_error(ErrorKind::kBadData, "not an ELF file, nor a kdump-compressed dump");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return make_error(ErrorKind::kUnsupported, "only 64-bit little-endian vmcores can be read");
  }
  if (header.e_type != ET_CORE) {
    return make_error(
        ErrorKind::kBadData, "an ELF file, but not a core file (e_type {})", header.e_type);
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr)) {
    return make_error(ErrorKind::kBadData, "program headers of {} bytes", header.e_phentsize);
  }
  return {};
}

/// elf(5): with PN_XNUM the real number stands in sh_info of section header 0.
Result<std::uint64_t> segment_count(const FileReader& read, const Elf64_Ehdr& header) {
  std::uint64_t count = header.e_phnum;
  if (count == PN_XNUM) {
    if (header.e_shoff == 0) {
      return make_error(ErrorKind::kBadData, "more than 65534 segments, but no section header");
    }
    count = TRY(read_struct<Elf64_Shdr>(read, header.e_shoff)).sh_info;
  }
  if (count == 0) return make_error(ErrorKind::kBadData, "no program headers");
  if (count > kMaxSegments) {
    return make_error(ErrorKind::kBadData, "{} program headers (at most {})", count, kMaxSegments);
  }
  return count;
}

Status add_segment(ElfCore& core, const Elf64_Phdr& segment, std::uint64_t index) {
  const std::uint64_t size = segment.p_filesz;
  // fs/proc/kcore.c: what is no physical memory (vmalloc, the memmap) has this as its address.
  constexpr auto kNoPhysicalAddress = ~Elf64_Addr{0};
  if (segment.p_type == PT_LOAD && segment.p_paddr == kNoPhysicalAddress) return {};
  if (size == 0 || (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE)) return {};
  if (!checked_add(segment.p_offset, size) ||
      (segment.p_type == PT_LOAD && !checked_add(segment.p_paddr, size))) {
    return make_error(ErrorKind::kBadData,
                      "program header {}: offset {:#x}, address {:#x}, size {:#x} overflow",
                      index,
                      segment.p_offset,
                      segment.p_paddr,
                      size);
  }
  if (segment.p_type == PT_NOTE) {
    core.notes.push_back({FileOffset(segment.p_offset), size});
  } else {
    core.memory.push_back(
        {PhysAddr(segment.p_paddr), size, FileOffset(segment.p_offset), VirtAddr(segment.p_vaddr)});
  }
  return {};
}

}  // namespace

Result<ElfCore> parse_elf_core(const FileReader& read) {
  const auto header = TRY(read_struct<Elf64_Ehdr>(read, 0));
  TRY(check_header(header));
  const std::uint64_t count = TRY(segment_count(read, header));
  if (!checked_add(header.e_phoff, count * sizeof(Elf64_Phdr))) {
    return make_error(ErrorKind::kBadData, "program headers at offset {:#x}", header.e_phoff);
  }
  ElfCore core;
  core.machine = header.e_machine;
  core.incomplete = (header.e_flags & kDumpElfIncomplete) != 0;
  std::array<Elf64_Phdr, kHeadersPerRead> batch{};
  for (std::uint64_t i = 0; i < count; i += kHeadersPerRead) {
    const auto part = std::span(batch).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(kHeadersPerRead, count - i)));
    TRY(read(header.e_phoff + i * sizeof(Elf64_Phdr), std::as_writable_bytes(part)));
    for (std::size_t j = 0; j < part.size(); ++j) TRY(add_segment(core, part[j], i + j));
  }
  if (core.memory.empty()) return make_error(ErrorKind::kBadData, "no PT_LOAD segment with data");
  return core;
}

}  // namespace kdump::capture
