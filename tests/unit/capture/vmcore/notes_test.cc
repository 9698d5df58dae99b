// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/notes.h"

#include "base/io.h"
#include "tests/support/vmcore/fake_memory_image.h"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>

namespace kdump::capture {
namespace {

using test::FakeMemoryImage;

void add_zeros(FakeMemoryImage& image, std::size_t size) {
  const std::vector<std::byte> zeros(size);
  image.add_raw_notes(zeros);
}

TEST(Notes, FindsCpusAndVmcoreinfoAmongOthers) {
  FakeMemoryImage image;
  image.add_note("CORE", NT_PRSTATUS, std::string(336, 'a'));
  image.add_note("LINUX", 0x700, std::string(5000, 'd'));
  image.add_note("CORE", NT_PRSTATUS, std::string(336, 'b'));
  image.add_note("VMCOREINFO_XEN", 0, "xen");
  image.add_note("OTHER", NT_PRSTATUS, "not a CPU");
  image.add_note("VMCOREINFO", 0, std::string("OSRELEASE=6.1\n\0\0\0", 17));
  const auto notes = summarize_notes(image);
  ASSERT_TRUE(notes);
  EXPECT_EQ(notes->cpus, 2U);
  const auto text = read_vmcoreinfo_text(image, *notes);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "OSRELEASE=6.1\n") << "the zeros behind the text are no text";
}

TEST(Notes, SkipsTheRoomOfCpusThatSavedNothing) {
  FakeMemoryImage image;
  image.add_note("CORE", NT_PRSTATUS, "a");
  add_zeros(image, 10000);
  image.add_note("CORE", NT_PRSTATUS, "b");
  add_zeros(image, 8);
  image.add_note("VMCOREINFO", 0, "X=1\n");
  add_zeros(image, 4096);
  const auto notes = summarize_notes(image);
  ASSERT_TRUE(notes);
  EXPECT_EQ(notes->cpus, 2U);
  ASSERT_TRUE(notes->vmcoreinfo);
  EXPECT_EQ(notes->vmcoreinfo->size, 4U);
}

TEST(Notes, WithoutNotesThereIsNothing) {
  const FakeMemoryImage image;
  const auto notes = summarize_notes(image);
  ASSERT_TRUE(notes);
  EXPECT_EQ(notes->cpus, 0U);
  EXPECT_FALSE(notes->vmcoreinfo);
  const auto text = read_vmcoreinfo_text(image, *notes);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kNotFound);
}

TEST(Notes, ADumpOfQemusWithoutVmcoreinfoHasARemedy) {
  FakeMemoryImage image;
  image.add_note("CORE", NT_PRSTATUS, std::string(336, 'a'));
  image.add_note("QEMU", 0, std::string(424, 'q'));
  const auto notes = summarize_notes(image);
  ASSERT_TRUE(notes);
  EXPECT_TRUE(notes->qemu);
  EXPECT_EQ(notes->cpus, 1U);
  const auto text = read_vmcoreinfo_text(image, *notes);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, ::testing::HasSubstr("-device vmcoreinfo"));
}

TEST(Notes, WhatStandsBeforeADamagedNoteCounts) {
  const std::vector<Elf64_Nhdr> bad = {
      {0xffffffff, 0xffffffff, 1}, {5, 0xffffffff, 1}, {0xffffffff, 5, 1}, {5, 100, 1}};
  for (const Elf64_Nhdr& header : bad) {
    FakeMemoryImage image;
    image.add_note("CORE", NT_PRSTATUS, "a");
    image.add_raw_notes(std::as_bytes(std::span(&header, 1)));
    const auto notes = summarize_notes(image);
    ASSERT_TRUE(notes);
    EXPECT_EQ(notes->cpus, 1U);
  }
}

TEST(Notes, AnyEndOfTheNotesIsSurvived) {
  FakeMemoryImage whole;
  whole.add_note("CORE", NT_PRSTATUS, "abc");
  whole.add_note("VMCOREINFO", 0, "OSRELEASE=6.1\n");
  std::vector<std::byte> bytes(whole.notes_size());
  ASSERT_TRUE(whole.read_notes(0, bytes));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    FakeMemoryImage image;
    image.add_raw_notes(std::span(bytes).first(size));
    ASSERT_TRUE(summarize_notes(image)) << size;
  }
}

TEST(Notes, AnAbsurdlyLargeVmcoreinfoIsRefused) {
  FakeMemoryImage image;
  image.add_note("VMCOREINFO", 0, std::string((1U << 20U) + 1, 'x'));
  const auto notes = summarize_notes(image);
  ASSERT_TRUE(notes);
  const auto text = read_vmcoreinfo_text(image, *notes);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kBadData);
}

}  // namespace
}  // namespace kdump::capture
