// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps from and to disks that fail, as a program meets them: errors of read(2), write(2) and
// fsync(2), and SIGBUS under a mapping.
#include "tests/support/failing_disk.h"

#include "capture/run_capture.h"
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/fault_guard.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/busy_kernel.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

namespace kdump::capture {
namespace {

using kdump::test::FailingDisk;
using test::busy_kernel;
using test::KdumpReader;
using test::ToyKernel;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::uint64_t kPage = 4096;

class FailingDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::kFaultsCanBeTested) GTEST_SKIP() << "no SIGBUS can be caught here";
    tree_.make_directory("/healthy");
    tree_.make_directory("/mnt");
    auto disk = FailingDisk::mount(tree_.path("/healthy"), tree_.path("/mnt"));
    if (!disk) GTEST_SKIP() << disk.error().message;
    disk_ = *std::move(disk);
    ASSERT_TRUE(install_fault_guard());
    ASSERT_TRUE(kernel_.finish().save_elf(tree_.path("/healthy/vmcore")));
    const auto image = ElfImage::open(tree_.path("/healthy/vmcore"));
    ASSERT_TRUE(image);
    for (std::uint64_t pfn = 0; pfn < kPages; ++pfn) {
      const auto piece = (*image)->find(PhysAddr(pfn * kPage), kPage);
      places_.push_back(piece && piece->size == kPage ? piece->offset.value() : 0);
    }
  }

  /// The bytes of a page of memory in the file.
  [[nodiscard]] Range place(std::uint64_t pfn) const {
    EXPECT_NE(places_[pfn], 0U) << pfn;
    return {places_[pfn], places_[pfn] + kPage};
  }

  Result<CaptureReport> capture(const std::string& input, const std::string& output) {
    CaptureOptions options;
    options.input = input;
    options.output.path = output;
    options.output.overwrite = true;
    options.level = DumpLevel(31);
    options.threads = 2;
    CaptureProgress progress;
    return run_capture(options, progress);
  }

  /// Every page is that of memory, or has no data and is one of `lost`.
  void expect_all_but(const KdumpReader& dump, const std::vector<std::uint64_t>& lost) {
    std::vector<std::uint64_t> missing;
    for (std::uint64_t pfn = 0; pfn < dump.max_mapnr; ++pfn) {
      if (!dump.dumped(pfn)) continue;
      const auto page = dump.page(pfn);
      if (!page) {
        missing.push_back(pfn);
        continue;
      }
      std::string should(kPage, '\0');
      ASSERT_TRUE(
          kernel_.memory().read(PhysAddr(pfn * kPage), std::as_writable_bytes(std::span(should))));
      ASSERT_EQ(*page, should) << pfn;
    }
    EXPECT_EQ(missing, lost);
  }

  static constexpr std::uint64_t kPages = 0xa000;
  kdump::test::TempTree tree_;
  std::unique_ptr<FailingDisk> disk_;
  ToyKernel kernel_ = busy_kernel("6.12");
  std::vector<std::uint64_t> places_;
};

TEST_F(FailingDiskTest, PagesThatCannotBeReadAreMissingAndNoOthers) {
  // Whole pages, the middle of one, and one byte across two of them.
  const std::vector<std::uint64_t> lost = {0x9a90, 0x9a91, 0x9aa0, 0x9ac0, 0x9ac1, 0x9fff};
  disk_->set_faults("vmcore",
                    {{{place(0x9a90).start, place(0x9a91).end},
                      {place(0x9aa0).start + 1000, place(0x9aa0).start + 1001},
                      {place(0x9ac0).end - 1, place(0x9ac1).start + 1},
                      place(0x9fff)},
                     {},
                     false,
                     false});
  const auto report = capture(tree_.path("/mnt/vmcore"), tree_.path("/dump"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(disk_->failed_requests(), 0U);
  EXPECT_EQ(report->copy.unreadable, lost.size());
  EXPECT_THAT(report->warnings, Contains(HasSubstr("6 pages could not be read")));
  const auto dump = KdumpReader::open(tree_.path("/dump"));
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_TRUE(dump->complete());
  expect_all_but(*dump, lost);
}

// Reading them is not tried, at whatever level and into whatever form: it can be a machine check,
// or the end of a confidential guest.
TEST_F(FailingDiskTest, FailedOfflineAndUnacceptedMemoryIsNeverRead) {
  ToyKernel kernel = busy_kernel("7.2");
  kernel.poison(0x9b80);
  kernel.make_compound(0x9b88, 3);
  kernel.poison(0x9b8a);
  kernel.make_offline(0x9b90);
  kernel.make_unaccepted(0x9c00);
  ASSERT_TRUE(kernel.finish().save_elf(tree_.path("/healthy/vmcore")));
  disk_->set_faults(
      "vmcore",
      {{place(0x9b80), place(0x9b8a), place(0x9b90), {place(0x9c00).start, place(0x9fff).end}},
       {},
       false,
       true});
  for (const std::uint32_t level : {0U, 1U, 15U, 16U, 31U}) {
    for (const DumpFormat format : {DumpFormat::kKdump, DumpFormat::kElf}) {
      CaptureOptions options;
      options.input = tree_.path("/mnt/vmcore");
      options.output.path = tree_.path("/dump");
      options.output.overwrite = true;
      options.format = format;
      options.level = DumpLevel(level);
      CaptureProgress progress;
      const auto report = run_capture(options, progress);
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(report->copy.unreadable, 0U) << level;
      EXPECT_EQ(disk_->failed_requests(), 0U) << level;
    }
  }
}

TEST_F(FailingDiskTest, AMemmapThatCannotBeReadCostsItsPagesTheFilter) {
  const auto healthy = capture(tree_.path("/healthy/vmcore"), tree_.path("/dump"));
  ASSERT_TRUE(healthy);
  const std::uint64_t of_memmap = kernel_.struct_page_phys(0x9400).value() / kPage;
  disk_->set_faults("vmcore", {{place(of_memmap)}, {}, false, false});
  const auto report = capture(tree_.path("/mnt/vmcore"), tree_.path("/dump"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GE(report->kept, healthy->kept) << "what is not understood is kept";
  EXPECT_LE(report->kept, healthy->kept + 1024) << "and no more than that";
  const auto dump = KdumpReader::open(tree_.path("/dump"));
  ASSERT_TRUE(dump) << dump.error().message;
  expect_all_but(*dump, {of_memmap});
}

TEST_F(FailingDiskTest, NothingButPagesIsNeededForADump) {
  // The name of the kernel, its page tables and its section table are somewhere in here.
  const std::uint64_t all = places_.back() + kPage;
  std::uint64_t first = 0;
  for (const std::uint64_t offset : places_) {
    if (offset != 0 && (first == 0 || offset < first)) first = offset;
  }
  disk_->set_faults("vmcore", {{{first, all}}, {}, false, false});
  const auto report = capture(tree_.path("/mnt/vmcore"), tree_.path("/dump"));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->copy.unreadable, report->copy.pages);
  const auto dump = KdumpReader::open(tree_.path("/dump"));
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_EQ(dump->vmcoreinfo, kernel_.vmcoreinfo());
}

TEST_F(FailingDiskTest, HeadersThatCannotBeReadAreAnErrorThatNamesTheFile) {
  disk_->set_faults("vmcore", {{{0, kPage}}, {}, false, false});
  const auto report = capture(tree_.path("/mnt/vmcore"), tree_.path("/dump"));
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr(tree_.path("/mnt/vmcore")));
  EXPECT_FALSE(tree_.exists("/dump"));
}

// As with /proc/vmcore: what fails under a mapping is a SIGBUS.
TEST_F(FailingDiskTest, AFaultUnderAMappingCostsThatPage) {
  disk_->set_faults("vmcore", {{place(0x9a90), place(0x9a92)}, {}, false, false});
  const auto image = ElfImage::open(tree_.path("/mnt/vmcore"), ElfImage::Access::kMap);
  ASSERT_TRUE(image) << image.error().message;
  const auto view = (*image)->view();
  std::vector<std::uint64_t> lost;
  std::string page(kPage, '\0');
  std::string should(kPage, '\0');
  for (std::uint64_t pfn = 0x9a88; pfn < 0x9aa8; ++pfn) {
    const PhysAddr address(pfn * kPage);
    if (!view->copy(address, std::as_writable_bytes(std::span(page)))) {
      lost.push_back(pfn);
      continue;
    }
    ASSERT_TRUE(kernel_.memory().read(address, std::as_writable_bytes(std::span(should))));
    EXPECT_EQ(page, should) << pfn;
  }
  EXPECT_EQ(lost, (std::vector<std::uint64_t>{0x9a90, 0x9a92}));
  std::string several(32 * kPage, '\0');
  EXPECT_FALSE(view->copy(PhysAddr(0x9a88 * kPage), std::as_writable_bytes(std::span(several))));
}

TEST_F(FailingDiskTest, AnOutputThatFailsIsMarkedIncompleteWhereverThatIs) {
  const auto whole = capture(tree_.path("/healthy/vmcore"), tree_.path("/whole"));
  ASSERT_TRUE(whole);
  const std::uint64_t end = whole->file_length;
  // Behind the header, in notes, bitmaps, descriptors and data.
  for (std::uint64_t at = kPage; at < end; at += std::max<std::uint64_t>(kPage, end / 37)) {
    disk_->set_faults("dump", {{}, {{at, at + 1}}, false, false});
    const std::uint64_t before = disk_->failed_requests();
    const auto report = capture(tree_.path("/healthy/vmcore"), tree_.path("/mnt/dump"));
    // Some places are never written: bitmaps and descriptors are sparse.
    if (report) {
      EXPECT_EQ(disk_->failed_requests(), before) << "an error was not reported, at " << at;
      continue;
    }
    EXPECT_THAT(report.error().message, HasSubstr(tree_.path("/mnt/dump"))) << at;
    const std::string text = tree_.read("/healthy/dump");
    if (text.size() < kPage) continue;  // not even the header
    std::uint32_t status = 0;
    std::memcpy(&status, text.data() + 424, sizeof(status));
    EXPECT_EQ(status & 8U, 8U) << "incomplete, at " << at;
    const auto dump = KdumpReader::open(tree_.path("/healthy/dump"));
    if (dump) {
      EXPECT_FALSE(dump->complete()) << at;
    }
  }
}

TEST_F(FailingDiskTest, ADumpIsNotCompleteBeforeTheDiskHasIt) {
  disk_->set_faults("dump", {{}, {}, true, false});
  const auto report = capture(tree_.path("/healthy/vmcore"), tree_.path("/mnt/dump"));
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr(tree_.path("/mnt/dump")));
  const auto dump = KdumpReader::open(tree_.path("/healthy/dump"));
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_FALSE(dump->complete());
}

}  // namespace
}  // namespace kdump::capture
