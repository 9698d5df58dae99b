// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/pe_sections.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"

#include <algorithm>
#include <array>

namespace kdump {
namespace {

constexpr std::uint64_t kPeOffset = 0x3c;  // e_lfanew of the DOS header
struct CoffHeader {
  std::array<char, 4> signature;
  Le16 machine;
  Le16 sections;
  Le32 time;
  Le32 symbols;
  Le32 symbol_count;
  Le16 optional_size;
  Le16 characteristics;
};
static_assert(sizeof(CoffHeader) == 24);
struct SectionHeader {
  std::array<char, 8> name;
  Le32 virtual_size;
  Le32 virtual_address;
  Le32 raw_size;
  Le32 raw_offset;
  std::array<std::byte, 16> rest;
};
static_assert(sizeof(SectionHeader) == 40);
constexpr unsigned kMostSections = 96;  // the format's own limit

PeSection section_of(const SectionHeader& header) {
  const std::string_view name(header.name.data(), header.name.size());
  const std::uint32_t used = header.virtual_size;
  const std::uint32_t raw = header.raw_size;
  // Linkers of old leave the virtual size 0.
  return {.name = std::string(name.substr(0, name.find('\0'))),
          .offset = header.raw_offset,
          .size = used == 0 ? raw : std::min(used, raw)};
}

}  // namespace

Result<std::vector<PeSection>> read_pe_sections(std::span<const std::byte> head) {
  const ByteReader reader(head);
  if (reader.read<std::array<char, 2>>(0) != std::array<char, 2>{'M', 'Z'}) {
    return make_error(ErrorKind::kBadData, "it is no PE file");
  }
  const std::uint64_t at = reader.read<Le32>(kPeOffset).value_or(Le32(0xffffffffU));
  const auto header = reader.read<CoffHeader>(at);
  if (!header || header->signature != std::array<char, 4>{'P', 'E', '\0', '\0'} ||
      header->sections > kMostSections) {
    return make_error(ErrorKind::kBadData, "its PE header is damaged");
  }
  std::vector<PeSection> sections;
  std::uint64_t offset = at + sizeof(CoffHeader) + header->optional_size;
  for (unsigned i = 0; i < header->sections; ++i, offset += sizeof(SectionHeader)) {
    const auto section = reader.read<SectionHeader>(offset);
    if (!section) return make_error(ErrorKind::kBadData, "its section table is cut off");
    sections.push_back(section_of(*section));
  }
  return sections;
}

}  // namespace kdump
