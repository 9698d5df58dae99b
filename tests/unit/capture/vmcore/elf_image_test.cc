// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/elf_image.h"

#include "base/io.h"
#include "capture/vmcore/fault_guard.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/fake_memory_image.h"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>
#include <numeric>
#include <unistd.h>

namespace kdump::capture {
namespace {

using test::FakeMemoryImage;
using ::testing::HasSubstr;

std::string read_text(const MemoryImage& image, std::uint64_t address, std::size_t size) {
  std::string text(size, '?');
  const auto status = image.read(PhysAddr(address), std::as_writable_bytes(std::span(text)));
  return status ? text : "unreadable";
}

class ElfImageTest : public ::testing::Test {
 protected:
  ElfImageTest() {
    memory_.add_memory({0x1000, 0x9fc00});
    memory_.add_memory({0x100000, 0x900000});
    memory_.write(PhysAddr(0x1000), as_bytes("first"));
    memory_.write(PhysAddr(0x9fb00), as_bytes("near the end"));
    memory_.write(PhysAddr(0x100ffe), as_bytes("across"));
    memory_.write(PhysAddr(0x8fffff), as_bytes("z"));
    memory_.add_note("CORE", NT_PRSTATUS, "registers");
  }

  std::unique_ptr<ElfImage> open(ElfImage::Access access = ElfImage::Access::kChoose) {
    EXPECT_TRUE(memory_.save_elf(path_));
    auto image = ElfImage::open(path_, access);
    EXPECT_TRUE(image) << image.error().message;
    return *std::move(image);
  }

  kdump::test::TempTree tree_;
  std::string path_ = tree_.path("/vmcore");
  FakeMemoryImage memory_;
};

TEST_F(ElfImageTest, ReadsMemoryWhereItIs) {
  const auto image = open();
  EXPECT_EQ(image->machine(), EM_X86_64);
  EXPECT_EQ(image->ranges().ranges(),
            (std::vector<Range>{{0x1000, 0x9fc00}, {0x100000, 0x900000}}));
  EXPECT_EQ(read_text(*image, 0x1000, 5), "first");
  EXPECT_EQ(read_text(*image, 0x9fb00, 12), "near the end");
  EXPECT_EQ(read_text(*image, 0x100ffe, 6), "across");
  EXPECT_EQ(read_text(*image, 0x8fffff, 1), "z");
  for (const std::uint64_t outside :
       {0x0ULL, 0xfffULL, 0x9fc00ULL, 0xfffffULL, 0x900000ULL, ~0ULL}) {
    EXPECT_EQ(read_text(*image, outside, 1), "unreadable") << outside;
  }
  EXPECT_EQ(read_text(*image, 0x8fffff, 2), "unreadable") << "runs over the end";
}

class ElfImageViews : public ElfImageTest,
                      public ::testing::WithParamInterface<ElfImage::Access> {};

TEST_P(ElfImageViews, AgreeWithReads) {
  ASSERT_TRUE(memory_.save_elf(path_));
  const auto opened = ElfImage::open(path_, GetParam());
  ASSERT_TRUE(opened) << opened.error().message;
  const auto& image = *opened;
  const auto view = image->view();
  // Jumps forth and back, across the 2 MiB of a window and to the last byte.
  for (const std::uint64_t address :
       {0x1000ULL, 0x8ff000ULL, 0x100ffeULL, 0x8fffffULL, 0x2fff00ULL, 0x100000ULL, 0x9fb00ULL}) {
    const auto shown = view->at(PhysAddr(address), 0x300000);
    ASSERT_TRUE(shown) << shown.error().message;
    ASSERT_GE(shown->size(), 1U);
    std::string copy(shown->size(), '\0');
    std::memcpy(copy.data(), shown->data(), shown->size());
    EXPECT_EQ(copy, read_text(*image, address, copy.size())) << address;
  }
  EXPECT_FALSE(view->at(PhysAddr(0x9fc00), 1));
  EXPECT_FALSE(view->at(PhysAddr(0), 1));
}

INSTANTIATE_TEST_SUITE_P(Access,
                         ElfImageViews,
                         ::testing::Values(ElfImage::Access::kMap, ElfImage::Access::kRead));

TEST_F(ElfImageTest, AMappingShowsTwoMegabytesInOnePieceFromAPageBoundary) {
  const auto image = open(ElfImage::Access::kMap);
  const auto view = image->view();
  const auto shown = view->at(PhysAddr(0x200000), 0x400000);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->size(), 0x200000U);
}

// What is jumped over is not read.
TEST_F(ElfImageTest, AFileIsReadInLargerPiecesAsLongAsTheyFollowEachOther) {
  const auto image = open();
  const auto view = image->view();
  const auto piece = [&view](std::uint64_t address) {
    const auto shown = view->at(PhysAddr(address), 0x100000);
    return shown ? shown->size() : 0;
  };
  EXPECT_EQ(piece(0x200000), 0x1000U);
  EXPECT_EQ(piece(0x201000), 0x2000U);
  EXPECT_EQ(piece(0x203000), 0x4000U);
  EXPECT_EQ(piece(0x207000), 0x8000U);
  EXPECT_EQ(piece(0x20f000), 0x10000U);
  EXPECT_EQ(piece(0x21f000), 0x20000U);
  EXPECT_EQ(piece(0x23f000), 0x20000U);
  EXPECT_EQ(piece(0x24f000), 0x10000U) << "what is there already";
  EXPECT_EQ(piece(0x25f000), 0x2000U) << "half of the last piece was not wanted";
  EXPECT_EQ(piece(0x400000), 0x1000U);
  EXPECT_EQ(piece(0x400ff0), 0x2000U) << "a rest of 16 bytes is of no use";
}

TEST_P(ElfImageViews, CopyWhatIsWantedInOnePiece) {
  ASSERT_TRUE(memory_.save_elf(path_));
  const auto image = ElfImage::open(path_, GetParam());
  ASSERT_TRUE(image) << image.error().message;
  const auto view = (*image)->view();
  std::string bytes(0x500000, '?');
  ASSERT_TRUE(view->copy(PhysAddr(0x100ffe), std::as_writable_bytes(std::span(bytes))));
  EXPECT_EQ(bytes, read_text(**image, 0x100ffe, bytes.size()));
  EXPECT_FALSE(view->copy(PhysAddr(0x500000), std::as_writable_bytes(std::span(bytes))))
      << "runs over the end";
  EXPECT_FALSE(view->copy(PhysAddr(0x0), std::as_writable_bytes(std::span(bytes))));
}

TEST_F(ElfImageTest, AFileThatWasCutOffLosesItsLastMemoryOnly) {
  ASSERT_TRUE(memory_.save_elf(path_));
  // 64 KiB of the last segment are gone.
  const auto whole = ElfImage::open(path_);
  ASSERT_TRUE(whole);
  ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>((*whole)->file().size() - 0x10000)), 0);
  const auto image = ElfImage::open(path_);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ((*image)->missing_bytes(), 0x10000U);
  EXPECT_EQ((*image)->ranges().ranges().back(), (Range{0x100000, 0x8f0000}));
  EXPECT_EQ(read_text(**image, 0x100ffe, 6), "across");
  EXPECT_EQ(read_text(**image, 0x8f0000, 1), "unreadable");
}

// A file that shrinks (or a page that turns out to be poisoned) under a mapping raises SIGBUS.
TEST_F(ElfImageTest, AFaultUnderAViewIsSurvived) {
  if (!test::kFaultsCanBeTested) GTEST_SKIP() << "no SIGBUS can be caught here";
  ASSERT_TRUE(install_fault_guard());
  const auto image = open(ElfImage::Access::kMap);
  const auto view = image->view();
  const auto shown = view->at(PhysAddr(0x800000), 0x1000);
  ASSERT_TRUE(shown);
  ASSERT_EQ(::truncate(path_.c_str(), 0x3000), 0);
  unsigned sum = 0;
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_FALSE(without_fault([&] {
      for (const std::byte b : *shown) sum += static_cast<unsigned>(b);
    }));
  }
  EXPECT_TRUE(without_fault([&] { ++sum; }));
}

TEST(FaultGuard, NestsAndGoesBackToTheOuterGuard) {
  if (!test::kFaultsCanBeTested) GTEST_SKIP() << "no SIGBUS can be caught here";
  ASSERT_TRUE(install_fault_guard());
  bool inner = true;
  bool after = false;
  EXPECT_TRUE(without_fault([&] {
    inner = without_fault([] { ::raise(SIGBUS); });
    after = true;
  }));
  EXPECT_FALSE(inner);
  EXPECT_TRUE(after);
  EXPECT_FALSE(without_fault([] { ::raise(SIGBUS); }));
}

TEST_F(ElfImageTest, OverlappingSegmentsAreOneMemory) {
  // kexec-tools describes the kernel image twice; the second segment here is inside the first, the
  // third overlaps its end.
  struct {
    Elf64_Ehdr header{};
    Elf64_Phdr segments[3]{};
  } head;
  std::memcpy(head.header.e_ident, ELFMAG, SELFMAG);
  head.header.e_ident[EI_CLASS] = ELFCLASS64;
  head.header.e_ident[EI_DATA] = ELFDATA2LSB;
  head.header.e_type = ET_CORE;
  head.header.e_machine = EM_X86_64;
  head.header.e_phoff = sizeof(Elf64_Ehdr);
  head.header.e_phentsize = sizeof(Elf64_Phdr);
  head.header.e_phnum = 3;
  const std::uint64_t parts[3][3] = {
      {0x1000, 0x102000, 0x1000}, {0x2000, 0x100000, 0x4000}, {0x6000, 0x103000, 0x2000}};
  for (unsigned i = 0; i < 3; ++i) {
    head.segments[i].p_type = PT_LOAD;
    head.segments[i].p_offset = parts[i][0];
    head.segments[i].p_paddr = parts[i][1];
    head.segments[i].p_filesz = parts[i][2];
    head.segments[i].p_vaddr = 0xffffffff80000000ULL + parts[i][1];
  }
  std::string file(0x8000, '.');
  std::memcpy(file.data(), &head, sizeof(head));
  for (std::size_t i = 0x1000; i < file.size(); ++i) file[i] = static_cast<char>('a' + i / 0x1000);
  tree_.write("/vmcore", file);
  const auto image = ElfImage::open(path_);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ((*image)->ranges().ranges(), (std::vector<Range>{{0x100000, 0x105000}}));
  EXPECT_EQ(read_text(**image, 0x100fff, 2), "cd");
  EXPECT_EQ(read_text(**image, 0x102000, 1), "e") << "the larger segment, not the one inside it";
  EXPECT_EQ(read_text(**image, 0x103fff, 2), "fh") << "from one segment into the next";
  EXPECT_EQ((*image)->header_address(VirtAddr(0xffffffff80102010ULL)), PhysAddr(0x102010));
  EXPECT_EQ((*image)->header_address(VirtAddr(0xffffffff80200000ULL)), std::nullopt);
}

TEST_F(ElfImageTest, HeadersThatClaimMoreMemoryThanTheFileHasAreRefused) {
  // Two different ranges of memory with the same bytes of the file.
  ASSERT_TRUE(memory_.save_elf(path_));
  auto text = read_file(path_);
  ASSERT_TRUE(text);
  Elf64_Phdr load{};
  std::memcpy(&load, text->data() + sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr), sizeof(load));
  load.p_paddr = 0x10000000;
  std::memcpy(text->data() + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), &load, sizeof(load));
  tree_.write("/vmcore", *text);
  const auto image = ElfImage::open(path_);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message, HasSubstr("more memory than the file holds"));
  EXPECT_THAT(image.error().message, HasSubstr(path_));
}

TEST_F(ElfImageTest, ErrorsNameTheFile) {
  const auto absent = ElfImage::open(tree_.path("/absent"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(absent.error().message, HasSubstr("/absent"));
  const auto folder = ElfImage::open(tree_.folder());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message,
              HasSubstr("neither /proc/vmcore nor a regular file or block device"));
  tree_.write("/text", "hello");
  const auto text = ElfImage::open(tree_.path("/text"));
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("/text"));
}

TEST_F(ElfImageTest, GivesTheNotesOfAllSegments) {
  const auto image = open();
  EXPECT_EQ(image->notes_size(), memory_.notes_size());
  std::string theirs(memory_.notes_size(), '\0');
  std::string ours(memory_.notes_size(), '\0');
  ASSERT_TRUE(memory_.read_notes(0, std::as_writable_bytes(std::span(theirs))));
  ASSERT_TRUE(image->read_notes(0, std::as_writable_bytes(std::span(ours))));
  EXPECT_EQ(ours, theirs);
  EXPECT_FALSE(image->read_notes(1, std::as_writable_bytes(std::span(ours))));
}

}  // namespace
}  // namespace kdump::capture
