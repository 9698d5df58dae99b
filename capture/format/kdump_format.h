// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/packed_int.h"
#include "capture/vmcore/utsname.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kdump::capture {

/// The kdump-compressed format, version 6, 64-bit little endian, as crash (diskdump.c),
/// libkdumpfile and makedumpfile (IMPLEMENTATION) read it. All offsets are from the start of the
/// file; a block is a page of the crashed kernel:
///
///   block 0                  KdumpHeader
///   block 1 ...              KdumpSubHeader, the notes right behind it
///   then                     bitmap 1: pages that exist; bitmap 2: pages in the dump
///   then                     one PageDescriptor for each page in the dump, by page number
///   then                     page data, anywhere, in any order

inline constexpr std::array<char, 8> kKdumpSignature = {'K', 'D', 'U', 'M', 'P', ' ', ' ', ' '};
inline constexpr std::int32_t kKdumpVersion = 6;

/// Codec bits of KdumpHeader::status and PageDescriptor::flags.
inline constexpr std::uint32_t kCompressedZlib = 0x1;
inline constexpr std::uint32_t kCompressedLzo = 0x2;
inline constexpr std::uint32_t kCompressedSnappy = 0x4;
inline constexpr std::uint32_t kCompressedZstd = 0x20;
/// KdumpHeader::status only: the writer has not come to its end.
inline constexpr std::uint32_t kIncomplete = 0x8;

struct KdumpHeader {
  std::array<char, 8> signature{};
  LeI32 version;
  /// sysname, nodename, release, version, machine, domainname; readers match `machine`.
  std::array<std::array<char, Utsname::kFieldSize>, 6> utsname{};
  std::array<char, 6> padding{};
  LeI64 tv_sec;
  /// Always 0: libkdumpfile probes a 32-bit header first, whose block size lies here.
  LeI64 tv_usec;
  Le32 status;
  LeI32 block_size;
  LeI32 sub_header_blocks;
  Le32 bitmap_blocks;  ///< both bitmaps
  Le32 max_mapnr;      ///< or 0xffffffff; readers of version 6 use max_mapnr_64
  Le32 total_ram_blocks;
  Le32 device_blocks;
  Le32 written_blocks;
  Le32 current_cpu;
  LeI32 nr_cpus;  ///< NT_PRSTATUS notes; crash wants at least 1
};
static_assert(sizeof(KdumpHeader) == 464);
static_assert(offsetof(KdumpHeader, tv_sec) == 408);
static_assert(offsetof(KdumpHeader, status) == 424);
static_assert(offsetof(KdumpHeader, nr_cpus) == 460);

struct KdumpSubHeader {
  Le64 phys_base;
  LeI32 dump_level;
  LeI32 split;
  Le64 start_pfn;
  Le64 end_pfn;
  Le64 offset_vmcoreinfo;  ///< of the text itself, inside the notes
  Le64 size_vmcoreinfo;
  Le64 offset_note;
  Le64 size_note;
  Le64 offset_eraseinfo;  ///< 0 with size 0: crash warns of erased data otherwise
  Le64 size_eraseinfo;
  Le64 start_pfn_64;
  Le64 end_pfn_64;
  Le64 max_mapnr_64;
};
static_assert(sizeof(KdumpSubHeader) == 104);

struct PageDescriptor {
  Le64 offset;  ///< 0: the page was to be dumped, but is not there; crash and drgn fail to read it
  Le32 size;    ///< block_size when stored as it is
  Le32 flags;   ///< codec bit, or 0: stored as it is
  Le64 page_flags;
};
static_assert(sizeof(PageDescriptor) == 24);

}  // namespace kdump::capture
