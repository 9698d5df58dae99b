// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_headers.h"

#include "base/checked_math.h"
#include "capture/format/kdump_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <elf.h>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::int32_t kMinVersion = 1;
constexpr unsigned kMinPageShift = 12;
constexpr unsigned kMaxPageShift = 18;
constexpr std::uint64_t kBitsPerByte = 8;
// Physical addresses of x86_64 and arm64 have 52 bits at most.
constexpr unsigned kMaxPhysicalBits = 52;

// The versions that brought a field (makedumpfile, diskdump_mod.h).
constexpr std::int32_t kSplitVersion = 2;
constexpr std::int32_t kVmcoreinfoVersion = 3;
constexpr std::int32_t kNotesVersion = 4;
constexpr std::int32_t kEraseinfoVersion = 5;
constexpr std::int32_t kWidePfnVersion = 6;

struct MachineRow {
  std::string_view name;
  std::uint16_t machine;
};

// 64-bit little-endian machines that Linux dumps.
constexpr std::array<MachineRow, 5> kMachines = {{
    {"x86_64", EM_X86_64},
    {"aarch64", EM_AARCH64},
    {"ppc64le", EM_PPC64},
    {"riscv64", EM_RISCV},
    {"loongarch64", 258},  // EM_LOONGARCH, which glibc 2.31 does not have
}};

std::string text_of(const std::array<char, Utsname::kFieldSize>& field) {
  return {field.data(), ::strnlen(field.data(), field.size())};
}

template <typename T>
Result<T> read_struct(const DumpFile& file, std::uint64_t offset) {
  T value{};
  TRY(file.read(offset, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

/// The version is a small number in one byte order only.
Result<std::int32_t> checked_version(const KdumpHeader& header) {
  const std::int32_t version = header.version;
  if (version >= kMinVersion && version <= kKdumpVersion) return version;
  const auto swapped =
      static_cast<std::int32_t>(__builtin_bswap32(static_cast<std::uint32_t>(version)));
  if (swapped >= kMinVersion && swapped <= kKdumpVersion) {
    return make_error(ErrorKind::kUnsupported, "dumps of big-endian machines cannot be read");
  }
  return make_error(ErrorKind::kUnsupported,
                    "version {} of the kdump-compressed format is not known ({} to {})",
                    version,
                    kMinVersion,
                    kKdumpVersion);
}

Status check_machine(const Utsname& name) {
  const auto known =
      std::any_of(kMachines.begin(), kMachines.end(), [&name](const MachineRow& row) {
        return row.name == name.machine;
      });
  if (known) return {};
  return make_error(
      ErrorKind::kUnsupported,
      "the dump is one of a machine called \"{}\"; x86_64, aarch64 and other 64-bit little-endian "
      "ones can be read",
      name.machine);
}

Result<PageShift> checked_block_size(std::int32_t block_size) {
  const auto size = static_cast<std::uint32_t>(block_size);
  if (block_size > 0 && std::has_single_bit(size)) {
    const auto bits = static_cast<unsigned>(std::countr_zero(size));
    if (bits >= kMinPageShift && bits <= kMaxPageShift) return PageShift{bits};
  }
  return make_error(ErrorKind::kBadData, "a block size of {} bytes", block_size);
}

/// Inside the file, or nothing where a field says so.
Result<KdumpHeaders::Extent> checked_extent(std::uint64_t offset,
                                            std::uint64_t size,
                                            const DumpFile& file,
                                            std::string_view what) {
  if (offset == 0 || size == 0) return KdumpHeaders::Extent{};
  const auto end = checked_add(offset, size);
  if (!end || *end > file.size()) {
    return make_error(ErrorKind::kBadData,
                      "{} ({} bytes at offset {:#x}) lies outside the file",
                      what,
                      size,
                      offset);
  }
  return KdumpHeaders::Extent{offset, size};
}

Status take_sub_header(const DumpFile& file, KdumpHeaders& headers) {
  const auto sub = TRY(read_struct<KdumpSubHeader>(file, headers.shift.page_size()));
  headers.phys_base = sub.phys_base;
  headers.dump_level = static_cast<std::uint32_t>(std::int32_t{sub.dump_level});
  const bool wide = headers.version >= kWidePfnVersion;
  if (wide) headers.max_mapnr = sub.max_mapnr_64;
  if (headers.version >= kSplitVersion && sub.split != 0) {
    headers.split = true;
    headers.start_pfn = wide ? sub.start_pfn_64 : sub.start_pfn;
    headers.end_pfn = wide ? sub.end_pfn_64 : sub.end_pfn;
  }
  if (headers.version >= kVmcoreinfoVersion) {
    headers.vmcoreinfo =
        TRY(checked_extent(sub.offset_vmcoreinfo, sub.size_vmcoreinfo, file, "VMCOREINFO"));
  }
  if (headers.version >= kNotesVersion) {
    headers.notes = TRY(checked_extent(sub.offset_note, sub.size_note, file, "the ELF notes"));
  }
  if (headers.version >= kEraseinfoVersion) {
    headers.eraseinfo =
        TRY(checked_extent(sub.offset_eraseinfo, sub.size_eraseinfo, file, "eraseinfo"));
  }
  return {};
}

/// Older writers made one bitmap when nothing was left out: as crash does (diskdump.c,
/// dump_is_partial), two are assumed where there is room for two.
Status locate_bitmaps(const DumpFile& file,
                      std::int32_t sub_header_blocks,
                      std::uint64_t bitmap_blocks,
                      KdumpHeaders& headers) {
  if (sub_header_blocks < 1) {
    return make_error(ErrorKind::kBadData, "a sub-header of {} blocks", sub_header_blocks);
  }
  if (headers.max_mapnr > std::uint64_t{1} << (kMaxPhysicalBits - headers.shift.bits)) {
    return make_error(ErrorKind::kBadData, "page frame numbers up to {:#x}", headers.max_mapnr);
  }
  const unsigned bits = headers.shift.bits;
  headers.bitmap_size = (headers.max_mapnr + kBitsPerByte - 1) / kBitsPerByte;
  const std::uint64_t needed = (headers.bitmap_size + headers.shift.page_size() - 1) >> bits;
  if (headers.max_mapnr == 0 || bitmap_blocks < needed) {
    return make_error(
        ErrorKind::kBadData, "{} blocks of bitmaps for {} pages", bitmap_blocks, headers.max_mapnr);
  }
  headers.bitmap1_offset = (1 + static_cast<std::uint64_t>(sub_header_blocks)) << bits;
  const bool two = bitmap_blocks >= 2 * needed;
  headers.bitmap2_offset = headers.bitmap1_offset + (two ? bitmap_blocks / 2 << bits : 0);
  headers.descriptors_offset = headers.bitmap1_offset + (bitmap_blocks << bits);
  if (headers.bitmap2_offset + headers.bitmap_size > file.size()) {
    return make_error(ErrorKind::kBadData, "the file ends inside its bitmaps");
  }
  return {};
}

}  // namespace

std::uint16_t KdumpHeaders::machine() const {
  for (const MachineRow& row : kMachines) {
    if (row.name == utsname.machine) return row.machine;
  }
  return EM_NONE;
}

bool KdumpHeaders::incomplete() const { return (status & kIncomplete) != 0; }

bool is_kdump_file(const DumpFile& file) {
  const auto signature = read_struct<std::array<char, kKdumpSignature.size()>>(file, 0);
  return signature && *signature == kKdumpSignature;
}

Result<KdumpHeaders> read_kdump_headers(const DumpFile& file) {
  const auto header = TRY(read_struct<KdumpHeader>(file, 0));
  if (header.signature != kKdumpSignature) {
    return make_error(ErrorKind::kBadData, "not a kdump-compressed file");
  }
  KdumpHeaders headers;
  headers.version = TRY(checked_version(header));
  headers.utsname = {text_of(header.utsname[0]),
                     text_of(header.utsname[1]),
                     text_of(header.utsname[2]),
                     text_of(header.utsname[3]),
                     text_of(header.utsname[4]),
                     text_of(header.utsname[5])};
  TRY(check_machine(headers.utsname));
  headers.tv_sec = header.tv_sec;
  headers.tv_usec = header.tv_usec;
  headers.status = header.status;
  headers.shift = TRY(checked_block_size(header.block_size));
  headers.nr_cpus = header.nr_cpus;
  headers.max_mapnr = header.max_mapnr;
  TRY(take_sub_header(file, headers));
  TRY(locate_bitmaps(file, header.sub_header_blocks, header.bitmap_blocks, headers));
  return headers;
}

}  // namespace kdump::capture
