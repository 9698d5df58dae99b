// SPDX-License-Identifier: GPL-2.0-or-later
// The same dump in each form that it can take.
#include "base/io.h"
#include "capture/format/elf_writer.h"
#include "capture/run_capture.h"
#include "capture/vmcore/elf_image.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/fake_memory_image.h"
#include "tests/support/vmcore/flattened_reader.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>
#include <random>

namespace kdump::capture {
namespace {

using test::FlattenedReader;
using test::KdumpReader;
using test::ToyKernel;
using ::testing::IsEmpty;

constexpr std::uint64_t kPage = 4096;

class OutputFormats : public ::testing::Test {
 protected:
  OutputFormats() {
    options_.input = tree_.path("/vmcore");
    options_.output.path = tree_.path("/dump");
    options_.output.overwrite = true;
    options_.threads = 2;
  }

  static ToyKernel kernel() {
    ToyKernel::Options options;
    options.era = "6.12";
    options.memory = {{0x2000000, 0x4800000}, {0x8f00000, 0xa000000}};
    ToyKernel kernel(options);
    kernel.make_free(0x9000, 10);
    kernel.make_anonymous(0x9400, 9);
    kernel.make_anonymous(0x9700);
    kernel.make_cache(0x9702);
    std::mt19937_64 random(5);
    for (std::uint64_t pfn = 0x9000; pfn < 0x9b00; ++pfn) {
      for (std::uint64_t i = 0; i < kPage; i += 512) {
        kernel.memory().put(PhysAddr(pfn * kPage + i), random() | 1);
      }
    }
    return kernel;
  }
  static bool left_out(std::uint64_t pfn) {
    return (pfn >= 0x9000 && pfn < 0x9600) || pfn == 0x9700 || pfn == 0x9702;
  }

  Result<CaptureReport> capture() { return run_capture(options_, progress_); }
  /// As it was written, with nothing but the stream taken off.
  std::string dump_text() {
    const std::string text = *read_file(tree_.path("/dump"), std::size_t{1} << 30U);
    if (!options_.output.flattened) return text;
    const auto reader = FlattenedReader::parse(text);
    EXPECT_TRUE(reader) << reader.error().message;
    EXPECT_TRUE(reader->ended);
    EXPECT_TRUE(reader->disjoint()) << "readers do not agree on what is written twice";
    return reader->contents;
  }
  void expect_elf(const std::string& text, ToyKernel& kernel);

  kdump::test::TempTree tree_;
  CaptureOptions options_;
  CaptureProgress progress_;
};

template <typename T>
T field(const std::string& text, std::size_t at) {
  T value{};
  EXPECT_LE(at + sizeof(T), text.size());
  std::memcpy(&value, text.data() + at, sizeof(T));
  return value;
}

TEST_F(OutputFormats, AStreamIsTheSameFile) {
  ToyKernel toy = kernel();
  ASSERT_TRUE(toy.finish().save_elf(options_.input));
  options_.threads = 1;
  ASSERT_TRUE(capture());
  const std::string in_place = dump_text();
  options_.output.flattened = true;
  const auto report = capture();
  ASSERT_TRUE(report) << report.error().message;
  const std::string streamed = dump_text();
  EXPECT_EQ(streamed.size(), in_place.size());
  EXPECT_TRUE(streamed == in_place);
  const auto reader = FlattenedReader::parse(*read_file(tree_.path("/dump"), 1U << 30U));
  EXPECT_LE(reader->records.size(), 60U) << "few records";
  EXPECT_LE(reader->descents(), 5U) << "that ascend";

  // Threads put the pages into another order, and that is all.
  options_.threads = 2;
  ASSERT_TRUE(capture());
  tree_.write("/dump", dump_text());
  const auto dump = KdumpReader::open(tree_.path("/dump"));
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_TRUE(dump->complete());
  EXPECT_EQ(dump->dump_level, 31);
  for (std::uint64_t pfn = 0; pfn < dump->max_mapnr; ++pfn) {
    if (!dump->dumped(pfn)) continue;
    std::string should(kPage, '\0');
    ASSERT_TRUE(
        toy.memory().read(PhysAddr(pfn * kPage), std::as_writable_bytes(std::span(should))));
    ASSERT_EQ(*dump->page(pfn), should) << pfn;
  }
}

TEST_F(OutputFormats, AStreamThatEndsEarlySaysSo) {
  ToyKernel toy = kernel();
  ASSERT_TRUE(toy.finish().save_elf(options_.input));
  options_.output.flattened = true;
  for (const DumpFormat format : {DumpFormat::kKdump, DumpFormat::kElf}) {
    options_.format = format;
    options_.output.size_limit.reset();
    const auto whole = capture();
    ASSERT_TRUE(whole);
    options_.output.size_limit = whole->file_length / 2;
    const auto cut = capture();
    ASSERT_FALSE(cut);
    const std::string text = dump_text();
    if (format == DumpFormat::kKdump) {
      EXPECT_EQ(text.substr(0, 8), "KDUMP   ");
      EXPECT_EQ(field<std::uint32_t>(text, 424), 0x28U) << "zstd, incomplete";
    } else {
      EXPECT_EQ(text.substr(0, 4), "\177ELF");
      EXPECT_EQ(field<Elf64_Ehdr>(text, 0).e_flags, 1U);
    }
  }
}

void OutputFormats::expect_elf(const std::string& text, ToyKernel& kernel) {
  const auto header = field<Elf64_Ehdr>(text, 0);
  EXPECT_EQ(header.e_flags, 0U) << "complete";
  EXPECT_EQ(header.e_machine, EM_X86_64);
  std::uint64_t pages = 0;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = field<Elf64_Phdr>(text, header.e_phoff + i * sizeof(Elf64_Phdr));
    EXPECT_EQ(segment.p_align, 0U);
    if (i == 0) {
      ASSERT_EQ(segment.p_type, static_cast<Elf64_Word>(PT_NOTE)) << "crash wants it first";
      std::string notes(kernel.memory().notes_size(), '\0');
      ASSERT_TRUE(kernel.memory().read_notes(0, std::as_writable_bytes(std::span(notes))));
      EXPECT_EQ(text.substr(segment.p_offset, segment.p_filesz), notes);
      EXPECT_THAT(notes, ::testing::HasSubstr("VMCOREINFO"));
      end = segment.p_offset + segment.p_filesz;
      continue;
    }
    ASSERT_EQ(segment.p_type, static_cast<Elf64_Word>(PT_LOAD));
    EXPECT_EQ(segment.p_filesz, segment.p_memsz) << "a reader would show zeros";
    EXPECT_GE(segment.p_offset, end) << "data behind the headers, in order";
    end = segment.p_offset + segment.p_filesz;
    for (std::uint64_t at = 0; at < segment.p_filesz; at += kPage) {
      const std::uint64_t pfn = (segment.p_paddr + at) / kPage;
      EXPECT_FALSE(left_out(pfn)) << pfn;
      std::string should(kPage, '\0');
      ASSERT_TRUE(
          kernel.memory().read(PhysAddr(pfn * kPage), std::as_writable_bytes(std::span(should))));
      ASSERT_TRUE(text.compare(segment.p_offset + at, kPage, should) == 0) << pfn;
      ++pages;
    }
  }
  EXPECT_EQ(end, text.size());
  EXPECT_EQ(pages, 0x2800U + 0x1100U - 1024 - 512 - 2);
}

TEST_F(OutputFormats, ElfHoldsThePagesThatAreKeptAndNoOthers) {
  ToyKernel toy = kernel();
  ASSERT_TRUE(toy.finish().save_elf(options_.input));
  options_.format = DumpFormat::kElf;
  for (const bool flattened : {false, true}) {
    for (const unsigned threads : {1U, 3U}) {
      options_.output.flattened = flattened;
      options_.threads = threads;
      const auto report = capture();
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_THAT(report->warnings, IsEmpty());
      expect_elf(dump_text(), toy);
    }
  }
  options_.output.flattened = false;
  const auto report = capture();
  ASSERT_TRUE(report);
  EXPECT_LT(report->file_allocated, report->file_length / 2) << "pages of zeros are holes";
}

TEST_F(OutputFormats, ManySegmentsAreCountedInASectionHeader) {
  constexpr std::uint64_t kPages = 5 * BlockBits::kPages;
  test::FakeMemoryImage image;
  image.add_memory({0, kPages * kPage});
  image.put(PhysAddr(kPage), std::uint64_t{42});
  const auto output = *open_output(options_.output);
  ElfWriter writer(image, PageShift{}, *output);
  PageBitmap bitmap(touched_pages(image.ranges(), PageShift{}), writer.bitmap_store());
  for (std::size_t block = 0; block < bitmap.blocks(); ++block) {
    BlockBits odd;
    for (std::uint64_t i = 1; i < BlockBits::kPages; i += 2) odd.set(i, i + 1);
    ASSERT_TRUE(bitmap.set_dumped(block, odd));
  }
  ASSERT_EQ(bitmap.finish(), kPages / 2);
  std::atomic<std::uint64_t> done{0};
  ASSERT_TRUE(writer.begin(bitmap, DumpLevel(31)));
  ASSERT_TRUE(writer.copy(bitmap, DumpLevel(31), {default_codec(), 2}, done));
  ASSERT_TRUE(writer.complete());
  ASSERT_TRUE(output->close());
  EXPECT_EQ(done, kPages / 2);

  const auto header = field<Elf64_Ehdr>(dump_text(), 0);
  EXPECT_EQ(header.e_phnum, PN_XNUM);
  EXPECT_EQ(header.e_shnum, 1U);
  EXPECT_EQ(field<Elf64_Shdr>(dump_text(), header.e_shoff).sh_info, kPages / 2 + 1);
  const auto read = ElfImage::open(options_.output.path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->ranges().total() / kPage, kPages / 2);
  EXPECT_FALSE((*read)->ranges().contains(2 * kPage));
  EXPECT_TRUE((*read)->ranges().contains((kPages - 1) * kPage));
  std::uint64_t value = 0;
  ASSERT_TRUE((*read)->read(PhysAddr(kPage), std::as_writable_bytes(std::span(&value, 1))));
  EXPECT_EQ(value, 42U);
}

TEST_F(OutputFormats, AnElfDumpThatFailsSaysThatItIsIncomplete) {
  ToyKernel toy = kernel();
  ASSERT_TRUE(toy.finish().save_elf(options_.input));
  options_.format = DumpFormat::kElf;
  const auto whole = capture();
  ASSERT_TRUE(whole);
  for (const std::uint64_t percent : {20U, 90U}) {
    options_.output.size_limit = whole->file_length * percent / 100;
    const auto cut = capture();
    ASSERT_FALSE(cut);
    EXPECT_EQ(field<Elf64_Ehdr>(dump_text(), 0).e_flags, 1U);
  }
}

}  // namespace
}  // namespace kdump::capture
