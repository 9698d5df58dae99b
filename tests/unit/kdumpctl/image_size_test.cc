// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/image_size.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kdump::ctl {
namespace {

// `size` zero bytes, packed with that filter.
std::vector<std::byte> packed(int filter, std::size_t size) {
  std::vector<std::byte> out(1 << 20);
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter(writer, filter);
  archive_write_set_bytes_in_last_block(writer, 1);
  EXPECT_EQ(archive_write_open_memory(writer, out.data(), out.size(), &used), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  const std::string zeros(size, '\0');
  EXPECT_EQ(archive_write_data(writer, zeros.data(), zeros.size()),
            static_cast<la_ssize_t>(zeros.size()));
  archive_entry_free(entry);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

TEST(ImageSize, OfWhatIsPacked) {
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
    const auto image = packed(filter, 5'000'000);
    ASSERT_LT(image.size(), 100'000U);
    EXPECT_EQ(unpacked_size(image), 5'000'000U) << filter;
  }
}

TEST(ImageSize, NeverLessThanTheFile) {
  EXPECT_EQ(unpacked_size({}), 0U);
  const std::vector<std::byte> plain(5000, std::byte{'x'});
  EXPECT_EQ(unpacked_size(plain), 5000U);
  auto cut = packed(ARCHIVE_FILTER_ZSTD, 5'000'000);
  cut.resize(cut.size() / 2);
  EXPECT_GE(unpacked_size(cut), cut.size());
}

}  // namespace
}  // namespace kdump::ctl
