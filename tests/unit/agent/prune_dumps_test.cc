// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/prune_dumps.h"

#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PruneDumps, TheOldestOfThisHostGo) {
  const test::TempTree tree;
  for (const char* name : {"h-2026-01-01-00:00:00",
                           "h-2026-03-01-00:00:00",
                           "h-2026-02-01-00:00:00",
                           "other-h-2026-01-01-00:00:00",
                           "h-other-2026-01-01-00:00:00",
                           "notes",
                           "lost+found"}) {
    tree.write(std::string("/d/") + name + "/vmcore", "x");
  }
  tree.link("/d/h-2025-01-01-00:00:00", "notes");
  const std::string newest = tree.path("/d/h-2026-03-01-00:00:00");
  const auto removed = prune_dumps(newest, "h", 2);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(*removed, ElementsAre("h-2026-01-01-00:00:00"));
  EXPECT_FALSE(tree.exists("/d/h-2026-01-01-00:00:00"));
  EXPECT_TRUE(tree.exists("/d/h-2026-02-01-00:00:00/vmcore"));
  for (const char* kept : {"other-h-2026-01-01-00:00:00", "h-other-2026-01-01-00:00:00", "notes"}) {
    EXPECT_TRUE(tree.exists(std::string("/d/") + kept + "/vmcore")) << kept;
  }
  EXPECT_THAT(*prune_dumps(newest, "h", 2), IsEmpty());
  EXPECT_FALSE(prune_dumps(tree.path("/absent/h"), "h", 2));
}

TEST(PruneDumps, TheNewDumpStaysWhateverItsDate) {
  const test::TempTree tree;
  for (const char* date : {"1970-01-01-00:00:12", "2026-01-01-00:00:00", "2026-02-01-00:00:00"}) {
    tree.write(std::string("/d/h-") + date + "/vmcore", "x");
  }
  const std::string newest = tree.path("/d/h-1970-01-01-00:00:12");
  EXPECT_THAT(*list_old_dumps(newest, "h"),
              ElementsAre("h-2026-01-01-00:00:00", "h-2026-02-01-00:00:00"));
  EXPECT_THAT(*prune_dumps(newest, "h", 2), ElementsAre("h-2026-01-01-00:00:00"));
  EXPECT_THAT(*prune_dumps(newest, "h", 1), ElementsAre("h-2026-02-01-00:00:00"));
  EXPECT_TRUE(tree.exists("/d/h-1970-01-01-00:00:12/vmcore"));
  EXPECT_THAT(*prune_dumps(newest, "h", 1), IsEmpty());
}

}  // namespace
}  // namespace kdump::agent
