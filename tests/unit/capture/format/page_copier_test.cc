// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/page_copier.h"

#include "capture/filter/page_selection.h"
#include "capture/format/kdump_writer.h"
#include "capture/format/output_file.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/fake_memory_image.h"
#include "tests/support/vmcore/kdump_reader.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <mutex>
#include <random>
#include <set>

namespace kdump::capture {
namespace {

using test::FakeMemoryImage;
using test::KdumpReader;

/// A file that has room for so many bytes, and watches how it is written back.
class WatchedOutput final : public Output {
 public:
  WatchedOutput(OutputFile& file, std::uint64_t room) : file_(file), room_(room) {}

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (offset + bytes.size() > room_) return system_error(ENOSPC, "write");
    return file_.write_at(offset, bytes);
  }
  Status read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    return file_.read_at(offset, into);
  }
  [[nodiscard]] bool is_sparse() const override { return true; }
  Status sync() override { return file_.sync(); }
  Status clear() override { return file_.clear(); }
  Status close() override { return file_.close(); }
  [[nodiscard]] Result<Size> size() const override { return file_.size(); }
  Status start_writeback(std::uint64_t offset, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    if (size > 0) started_.insert({offset, size});
    most_ = std::max(most_, started_.size());
    return {};
  }
  Status finish_writeback(std::uint64_t offset, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(started_.erase({offset, size}), 1U);
    ++finished_;
    return {};
  }

  [[nodiscard]] std::size_t unfinished() const { return started_.size(); }
  [[nodiscard]] std::size_t most_unfinished() const { return most_; }
  [[nodiscard]] std::size_t finished() const { return finished_; }

 private:
  OutputFile& file_;
  std::uint64_t room_;
  std::mutex mutex_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> started_;
  std::size_t most_ = 0;
  std::size_t finished_ = 0;
};

class PageCopierTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kMemory = 0x1000000;  // 16 MiB

  PageCopierTest() {
    image_.add_memory({0x1000, 0x9fc00});
    image_.add_memory({0x100000, kMemory});
    std::mt19937_64 random(3);
    for (std::uint64_t at = 0x1000; at < kMemory; at += 0x1000) {
      if (at >= 0xa0000 && at < 0x100000) continue;
      for (std::uint64_t i = 0; i < 4096; i += 8) {
        switch (at / 0x1000 % 4) {
          case 0:
            image_.put(PhysAddr(at + i), random());
            break;
          case 1:
            image_.put(PhysAddr(at + i), at + i / 64);
            break;
          case 2:
            image_.put(PhysAddr(at + i), std::uint64_t{0});
            break;
          default:
            break;  // never written
        }
      }
    }
    image_.put(PhysAddr(0x2fff), std::uint8_t{1});  // a page that is zero but for its last byte
    image_.add_note("VMCOREINFO", 0, "OSRELEASE=toy\n");
  }

  /// Headers, bitmaps and pages; what copy_pages() returned.
  Result<CopyCounts> write(const CodecChoice& codec, unsigned threads, std::uint64_t room = ~0ULL) {
    const auto pages = touched_pages(image_.ranges(), PageShift{});
    const DumpGeometry geometry = *plan_geometry(PageShift{}, pages, image_.notes_size());
    const auto file = *OutputFile::create(path_, true);
    WatchedOutput output(*file, room);
    HeaderFacts facts;
    facts.codec = codec.kind;
    TRY(write_headers(output, geometry, facts, false));
    OutputBitmap store(output, geometry);
    PageBitmap bitmap(pages, store);
    std::atomic<std::uint64_t> done{0};
    TRY(write_existing(output, geometry, bitmap));
    TRY(select_everything(bitmap, done));
    done = 0;
    const DumpPlan plan = plan_dump(geometry, bitmap.finish());
    auto counts = copy_pages(image_, bitmap, plan, codec, threads, {}, output, done);
    most_unfinished_ = output.most_unfinished();
    finished_ = output.finished();
    if (counts) {
      EXPECT_EQ(output.unfinished(), 0U);
      EXPECT_EQ(done, bitmap.existing_pages());
      EXPECT_EQ(counts->pages, bitmap.existing_pages());
    }
    return counts;
  }

  /// The page as the image has it, bytes that are not there as zero.
  std::string expected(std::uint64_t pfn) const {
    std::string page(4096, '\0');
    const std::uint64_t size = pfn == 0x9f ? 0xc00 : 4096;
    EXPECT_TRUE(
        image_.read(PhysAddr(pfn * 4096), std::as_writable_bytes(std::span(page).first(size))));
    return page;
  }

  kdump::test::TempTree tree_;
  std::string path_ = tree_.path("/dump");
  FakeMemoryImage image_;
  std::size_t most_unfinished_ = 0;
  std::size_t finished_ = 0;
};

TEST_F(PageCopierTest, EveryPageComesBackFromEveryCodec) {
  for (const char* codec : {"zstd", "zstd:-3", "lzo", "snappy", "zlib", "none"}) {
    for (const unsigned threads : {1U, 4U}) {
      const auto counts = write(*parse_codec(codec), threads);
      ASSERT_TRUE(counts) << counts.error().message;
      const auto dump = KdumpReader::open(path_);
      ASSERT_TRUE(dump) << codec << ": " << dump.error().message;
      EXPECT_FALSE(dump->complete()) << "this test never says that it is";
      std::uint64_t zero = 0;
      std::set<std::uint64_t> zero_records;
      for (std::uint64_t pfn = 0; pfn < kMemory / 4096; ++pfn) {
        const bool exists = pfn >= 1 && (pfn <= 0x9f || pfn >= 0x100);
        ASSERT_EQ(dump->exists(pfn), exists) << pfn;
        ASSERT_EQ(dump->dumped(pfn), exists) << pfn;
        if (!exists) continue;
        const auto page = dump->page(pfn);
        ASSERT_TRUE(page) << codec << " page " << pfn << ": " << page.error().message;
        const std::string should = expected(pfn);
        ASSERT_EQ(*page, should) << codec << " page " << pfn;
        if (should.find_first_not_of('\0') == std::string::npos) {
          ++zero;
          zero_records.insert(dump->record(pfn).offset);
        }
      }
      EXPECT_EQ(counts->zero, zero);
      EXPECT_EQ(zero_records.size(), 1U) << "pages of zeros share one record";
      EXPECT_EQ(counts->unreadable, 0U);
      EXPECT_GT(counts->raw, 900U) << "noise is stored as it is";
    }
  }
}

// Also where the data of the first of them was written before its equals were seen.
TEST_F(PageCopierTest, EqualNeighboursShareTheirData) {
  constexpr std::uint64_t kFirst = 0x400;
  constexpr std::uint64_t kEnd = 0x600;
  for (std::uint64_t at = kFirst * 4096; at < kEnd * 4096; at += 8) {
    image_.put(PhysAddr(at), std::uint64_t{0xcccccccccccccccc});
  }
  image_.put(PhysAddr(0x480 * 4096), std::uint64_t{1});
  for (const char* codec : {"zstd", "lzo", "none"}) {
    for (const unsigned threads : {1U, 3U}) {
      const auto counts = write(*parse_codec(codec), threads);
      ASSERT_TRUE(counts) << counts.error().message;
      // The piece that begins with them, and the change in the middle.
      EXPECT_GE(counts->repeated, kEnd - kFirst - 4);
      const auto dump = KdumpReader::open(path_);
      ASSERT_TRUE(dump) << dump.error().message;
      for (std::uint64_t pfn = kFirst - 8; pfn < kEnd + 8; ++pfn) {
        const auto page = dump->page(pfn);
        ASSERT_TRUE(page) << pfn;
        ASSERT_EQ(*page, expected(pfn)) << codec << " " << pfn;
      }
      EXPECT_EQ(dump->record(kFirst + 1).offset, dump->record(kFirst + 0x7f).offset);
      EXPECT_NE(dump->record(0x480).offset, dump->record(0x481).offset);
    }
  }
}

TEST_F(PageCopierTest, APageThatCannotBeReadCostsThatPage) {
  image_.set_unreadable(PhysAddr(0x205000));
  image_.set_unreadable(PhysAddr(0x9f000));
  image_.set_unreadable(PhysAddr(0x1000));
  image_.set_unreadable(PhysAddr(kMemory - 1));
  const auto counts = write(default_codec(), 2);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->unreadable, 4U);
  const auto dump = KdumpReader::open(path_);
  ASSERT_TRUE(dump) << dump.error().message;
  for (std::uint64_t pfn = 0x100; pfn < kMemory / 4096; ++pfn) {
    const auto page = dump->page(pfn);
    if (pfn == 0x205 || pfn == kMemory / 4096 - 1) {
      ASSERT_FALSE(page);
      EXPECT_EQ(page.error().kind, ErrorKind::kUnreadable) << "no data, never zeros";
    } else {
      ASSERT_TRUE(page) << pfn;
      ASSERT_EQ(*page, expected(pfn));
    }
  }
}

TEST_F(PageCopierTest, DirtyOutputIsBoundedAndAllOfItIsWrittenBack) {
  ASSERT_TRUE(write({CodecKind::kNone, 0}, 2));
  EXPECT_LE(most_unfinished_, 4U) << "two buffers a thread";
  // Half of the 16 MiB are zero pages.
  EXPECT_GE(finished_, 7U * 2);
}

TEST_F(PageCopierTest, AFullDiskIsAnErrorAtAnyPoint) {
  const auto whole = write(default_codec(), 2);
  ASSERT_TRUE(whole);
  for (unsigned percent = 0; percent < 100; percent += 3) {
    const auto counts = write(default_codec(), 2, whole->file_end * percent / 100);
    ASSERT_FALSE(counts) << percent;
    EXPECT_EQ(counts.error().code, ENOSPC) << percent;
  }
  EXPECT_TRUE(write(default_codec(), 2, whole->file_end));
}

TEST(OutputFileTest, BehindTheEndThereAreZeros) {
  const kdump::test::TempTree tree;
  const auto file = *OutputFile::create(tree.path("/out"), false);
  const std::array<std::byte, 2> two = {std::byte{1}, std::byte{2}};
  ASSERT_TRUE(file->write_at(10, two));
  std::array<std::byte, 4> four{};
  four.fill(std::byte{9});
  ASSERT_TRUE(file->read_at(9, four));
  EXPECT_EQ(four,
            (std::array<std::byte, 4>{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{0}}));
  four.fill(std::byte{9});
  ASSERT_TRUE(file->read_at(1000, four));
  EXPECT_EQ(four[0], std::byte{0});
  EXPECT_EQ(tree.mode("/out"), 0600U);
}

TEST(OutputFileTest, IsNotOverwrittenUnasked) {
  const kdump::test::TempTree tree;
  tree.write("/out", "precious");
  const auto refused = OutputFile::create(tree.path("/out"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("--force"));
  EXPECT_EQ(tree.read("/out"), "precious");
  ASSERT_TRUE(OutputFile::create(tree.path("/out"), true));
  EXPECT_EQ(tree.read("/out"), "");
  EXPECT_EQ(tree.mode("/out"), 0600U) << "whatever it was before";
  const auto device = OutputFile::create("/dev/null", true);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace kdump::capture
