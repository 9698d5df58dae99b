// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_writer.h"

#include "capture/filter/page_selection.h"
#include "tests/support/vmcore/fake_memory_image.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::FakeMemoryImage;

/// A block device, which may hold an older dump; only what is synced is there after a power cut.
class Device final : public Output {
 public:
  Status write_at(std::uint64_t offset, std::span<const std::byte> /*bytes*/) override {
    if (offset == 0) header_synced_ = false;
    EXPECT_TRUE(offset < first_page_ || header_synced_) << "a page before the header at " << offset;
    return {};
  }
  Status sync() override {
    header_synced_ = true;
    return {};
  }
  Status clear() override { return {}; }
  Status close() override { return {}; }
  [[nodiscard]] Result<Size> size() const override { return Size{end(), end()}; }
  void set_first_page(std::uint64_t offset) { first_page_ = offset; }
  [[nodiscard]] bool header_synced() const { return header_synced_; }

 private:
  std::uint64_t first_page_ = 0;
  bool header_synced_ = false;
};

TEST(KdumpWriter, TheHeaderIsOnTheDeviceBeforeAnyPage) {
  FakeMemoryImage image;
  image.add_memory({0x100000, 0x200000});
  image.put(PhysAddr(0x100000), std::uint64_t{1});
  image.add_note("VMCOREINFO", 0, "OSRELEASE=toy\n");
  const auto pages = touched_pages(image.ranges(), PageShift{});
  const DumpGeometry geometry = *plan_geometry(PageShift{}, pages, image.notes_size());
  Device device;
  device.set_first_page(plan_dump(geometry, 256).data_offset);
  KdumpWriter writer(image, geometry, {}, device);
  PageBitmap bitmap(pages, writer.bitmap_store());
  std::atomic<std::uint64_t> done{0};
  ASSERT_TRUE(writer.begin(bitmap, DumpLevel{}));
  ASSERT_TRUE(select_everything(bitmap, done));
  ASSERT_TRUE(writer.copy(bitmap, DumpLevel{}, {}, done));
  EXPECT_TRUE(device.header_synced());
}

}  // namespace
}  // namespace kdump::capture
