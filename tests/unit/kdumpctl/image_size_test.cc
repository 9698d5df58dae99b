// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/image_size.h"

#include "tests/support/packed.h"

#include <archive.h>
#include <gtest/gtest.h>

#include <vector>

namespace kdump::ctl {
namespace {

// `size` zero bytes, packed with that filter.
std::vector<std::byte> packed(int filter, std::size_t size) {
  return test::packed(filter, std::vector<std::byte>(size));
}

TEST(ImageSize, OfWhatIsPacked) {
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
    const auto image = packed(filter, 5'000'000);
    ASSERT_LT(image.size(), 100'000U);
    EXPECT_EQ(measure_image(image).size, 5'000'000U) << filter;
    EXPECT_EQ(measure_image(image).damage, "") << filter;
  }
}

TEST(ImageSize, NeverLessThanTheFile) {
  EXPECT_EQ(measure_image({}).size, 0U);
  const std::vector<std::byte> plain(5000, std::byte{'x'});
  EXPECT_EQ(measure_image(plain).size, 5000U);
  EXPECT_EQ(measure_image(plain).damage, "");
  auto cut = packed(ARCHIVE_FILTER_ZSTD, 5'000'000);
  cut.resize(cut.size() / 2);
  EXPECT_GE(measure_image(cut).size, cut.size());
  EXPECT_NE(measure_image(cut).damage, "");
}

}  // namespace
}  // namespace kdump::ctl
