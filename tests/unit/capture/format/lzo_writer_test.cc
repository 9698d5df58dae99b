// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/lzo_writer.h"

#include "tests/unit/capture/format/sample_pages.h"

#include <gtest/gtest.h>
#include <lzo/lzo1x.h>

namespace kdump::capture {
namespace {

using test::Page;

// Each way to write a run of literals, at the start and between matches, and a match by its length
// and distance, at the limits of their fields. liblzo2 is the judge.
TEST(LzoWriter, EveryFieldAtItsLimits) {
  std::mt19937_64 random(5);
  for (const std::size_t first : {1U, 3U, 4U, 18U, 238U, 239U, 273U, 274U, 528U, 529U, 50000U}) {
    for (const std::size_t distance : {1U, 8U, 2048U, 2049U, 16384U, 16385U, 32768U, 49151U}) {
      for (const std::size_t length :
           {3U, 4U, 5U, 8U, 9U, 10U, 33U, 34U, 264U, 265U, 288U, 289U, 1000U}) {
        constexpr std::size_t kLiterals[] = {0, 1, 3, 4, 18, 19, 273, 274, 600};
        Page page;
        Page block(LzoWriter::bound(150000, 64));
        LzoWriter writer(block.data());
        const auto add_literals = [&](std::size_t count) {
          std::byte* to = writer.literals(count);
          for (std::size_t i = 0; i < count; ++i) {
            page.push_back(static_cast<std::byte>(random()));
            *to++ = page.back();
          }
        };
        add_literals(first);
        for (const std::size_t literals : kLiterals) {
          const std::size_t back = std::min(distance, page.size());
          writer.match(length, back);
          for (std::size_t j = 0; j < length; ++j) page.push_back(page[page.size() - back]);
          add_literals(literals);
        }
        const std::size_t size = writer.finish();
        ASSERT_LE(size, LzoWriter::bound(page.size(), std::size(kLiterals)));
        Page back(page.size());
        lzo_uint unpacked = back.size();
        const auto* const from = reinterpret_cast<const unsigned char*>(block.data());  // NOLINT
        auto* const to = reinterpret_cast<unsigned char*>(back.data());                 // NOLINT
        ASSERT_EQ(lzo1x_decompress_safe(from, size, to, &unpacked, nullptr), LZO_E_OK)
            << first << " " << distance << " " << length;
        ASSERT_EQ(unpacked, page.size());
        ASSERT_EQ(back, page);
      }
    }
  }
}

}  // namespace
}  // namespace kdump::capture
