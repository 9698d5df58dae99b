// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/elf_core.h"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>
#include <string>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;

/// A core file in memory, headers only.
struct CoreFile {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Shdr> sections;

  CoreFile() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phoff = sizeof(Elf64_Ehdr);
  }
  void add(std::uint32_t type, std::uint64_t offset, std::uint64_t paddr, std::uint64_t size) {
    Elf64_Phdr segment{};
    segment.p_type = type;
    segment.p_offset = offset;
    segment.p_paddr = paddr;
    segment.p_vaddr = paddr + 0xffff888000000000ULL;
    segment.p_filesz = size;
    segments.push_back(segment);
    header.e_phnum = static_cast<Elf64_Half>(segments.size());
  }
  [[nodiscard]] std::string bytes() const {
    std::string out(reinterpret_cast<const char*>(&header), sizeof(header));
    out.append(reinterpret_cast<const char*>(segments.data()),
               segments.size() * sizeof(Elf64_Phdr));
    out.append(reinterpret_cast<const char*>(sections.data()),
               sections.size() * sizeof(Elf64_Shdr));
    return out;
  }
};

Result<ElfCore> parse(const std::string& bytes) {
  return parse_elf_core([&bytes](std::uint64_t offset, std::span<std::byte> into) -> Status {
    if (offset > bytes.size() || into.size() > bytes.size() - offset) {
      return make_error(ErrorKind::kUnreadable, "end of file");
    }
    std::memcpy(into.data(), bytes.data() + offset, into.size());
    return {};
  });
}

TEST(ElfCore, TakesMemoryAndNotesAndLeavesTheRest) {
  CoreFile file;
  file.add(PT_NOTE, 0x1000, 0, 0x200);
  file.add(PT_LOAD, 0x2000, 0x100000, 0x5000);
  file.add(PT_GNU_STACK, 0x9000, 0x900000, 0x5000);
  file.add(PT_LOAD, 0x7000, 0x800000, 0);
  const auto core = parse(file.bytes());
  ASSERT_TRUE(core) << core.error().message;
  EXPECT_EQ(core->machine, EM_X86_64);
  ASSERT_EQ(core->memory.size(), 1U);
  EXPECT_EQ(core->memory[0].start, PhysAddr(0x100000));
  EXPECT_EQ(core->memory[0].size, 0x5000U);
  EXPECT_EQ(core->memory[0].offset, FileOffset(0x2000));
  EXPECT_EQ(core->memory[0].virt, VirtAddr(0xffff888000100000ULL));
  ASSERT_EQ(core->notes.size(), 1U);
  EXPECT_EQ(core->notes[0].size, 0x200U);
}

TEST(ElfCore, CountsMoreThan65534SegmentsInSectionZero) {
  CoreFile file;
  constexpr unsigned kSegments = 70000;
  for (unsigned i = 0; i < kSegments; ++i) {
    file.add(PT_LOAD, 0x1000000 + i * 0x1000ULL, i * 0x2000ULL, 0x1000);
  }
  file.header.e_phnum = PN_XNUM;
  file.header.e_shoff = sizeof(Elf64_Ehdr) + kSegments * sizeof(Elf64_Phdr);
  file.sections.resize(1);
  file.sections[0].sh_info = kSegments;
  const auto core = parse(file.bytes());
  ASSERT_TRUE(core) << core.error().message;
  EXPECT_EQ(core->memory.size(), kSegments);
  EXPECT_EQ(core->memory.back().start, PhysAddr((kSegments - 1) * 0x2000ULL));
}

struct BadCase {
  const char* name;
  void (*damage)(CoreFile& file);
  const char* message;
};

TEST(ElfCore, RefusesWhatIsNoVmcore) {
  const std::vector<BadCase> table = {
      {"magic", [](CoreFile& f) { f.header.e_ident[1] = 'X'; }, "not an ELF file"},
      {"32 bits", [](CoreFile& f) { f.header.e_ident[EI_CLASS] = ELFCLASS32; }, "only 64-bit"},
      {"big endian", [](CoreFile& f) { f.header.e_ident[EI_DATA] = ELFDATA2MSB; }, "only 64-bit"},
      {"program", [](CoreFile& f) { f.header.e_type = ET_EXEC; }, "not a core file"},
      {"entry size", [](CoreFile& f) { f.header.e_phentsize = 32; }, "program headers of 32"},
      {"no segments", [](CoreFile& f) { f.header.e_phnum = 0; }, "no program headers"},
      {"XNUM alone", [](CoreFile& f) { f.header.e_phnum = PN_XNUM; }, "no section header"},
      {"XNUM huge",
       [](CoreFile& f) {
         f.header.e_phnum = PN_XNUM;
         f.header.e_shoff = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
         f.sections.resize(1);
         f.sections[0].sh_info = 0xffffffff;
       },
       "program headers (at most"},
      {"table behind the end", [](CoreFile& f) { f.header.e_phoff = 0x10000; }, "end of file"},
      {"table overflows", [](CoreFile& f) { f.header.e_phoff = ~0ULL - 8; }, "program headers at"},
      {"address overflows", [](CoreFile& f) { f.segments[0].p_paddr = ~0ULL - 4; }, "overflow"},
      {"offset overflows", [](CoreFile& f) { f.segments[0].p_offset = ~0ULL - 4; }, "overflow"},
      {"no memory", [](CoreFile& f) { f.segments[0].p_type = PT_NOTE; }, "no PT_LOAD"},
  };
  for (const BadCase& row : table) {
    CoreFile file;
    file.add(PT_LOAD, 0x2000, 0x100000, 0x5000);
    row.damage(file);
    const auto core = parse(file.bytes());
    ASSERT_FALSE(core) << row.name;
    EXPECT_THAT(core.error().message, HasSubstr(row.message)) << row.name;
  }
}

TEST(ElfCore, AnyPrefixOfAFileIsAnError) {
  CoreFile file;
  file.add(PT_LOAD, 0x2000, 0x100000, 0x5000);
  const std::string whole = file.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace kdump::capture
