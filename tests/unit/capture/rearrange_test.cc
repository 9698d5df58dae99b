// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/rearrange.h"

#include "base/fd.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/flattened_reader.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

class Rearrange : public ::testing::Test {
 protected:
  Status run(const std::string& stream) {
    tree_.write("/stream", stream);
    const Fd fd = *Fd::open(tree_.path("/stream"), O_RDONLY);
    return rearrange(fd.raw(), tree_.path("/dump"), true);
  }
  kdump::test::TempTree tree_;
};

std::string dump() {
  std::string text = "KDUMP   " + std::string(5000, 'x');
  text.replace(424, 4, 4, '\0');
  return text;
}

TEST_F(Rearrange, PutsRecordsInTheirPlacesInAnyOrder) {
  for (const unsigned seed : {0U, 1U, 2U}) {
    ASSERT_TRUE(run(test::flatten(dump(), 100, seed)));
    EXPECT_EQ(tree_.read("/dump"), dump());
  }
}

TEST_F(Rearrange, AStreamCutAnywhereGivesAFileThatSaysSo) {
  const std::string stream = test::flatten(dump(), 1000, 0);
  for (const std::size_t size : {5300U, 5700U, 9000U}) {
    const auto status = run(stream.substr(0, size));
    ASSERT_FALSE(status) << size;
    EXPECT_THAT(status.error().message, ::testing::HasSubstr("ends too early"));
    EXPECT_EQ(tree_.read("/dump").at(424), '\10') << "marked incomplete";
  }
}

TEST_F(Rearrange, DamagedStreamsAreRefused) {
  EXPECT_FALSE(run("no stream"));
  EXPECT_FALSE(run(std::string(5000, 'm')));
  EXPECT_FALSE(tree_.exists("/dump"));
  std::string stream = test::flatten(dump(), 1000, 0);
  stream.replace(4096, 8, 8, '\200');
  const auto status = run(stream);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, ::testing::HasSubstr("is damaged"));
}

}  // namespace
}  // namespace kdump::capture
