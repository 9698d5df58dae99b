// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/dump_name.h"

#include <gtest/gtest.h>

namespace kdump::config {
namespace {

TEST(DumpName, TheDateIsFoundWhateverTheHostIsCalled) {
  struct Row {
    const char* name;
    const char* date;
  };
  for (const Row& row : {Row{"127.0.0.1-2026-11-03-04:05:06", "2026-11-03-04:05:06"},
                         Row{"web-01-2026-11-03-04:05:06", "2026-11-03-04:05:06"},
                         Row{"127.0.0.1-2026-11-03-04-05-06", "2026-11-03-04:05:06"},
                         Row{"127.0.0.1-2026-11-03-04:05:06-2", "2026-11-03-04:05:06-2"},
                         Row{"2026-11-03-04:05:06", ""},
                         Row{"-2026-11-03-04:05:06", ""},
                         Row{"127.0.0.1-2026-11-03", ""},
                         Row{"127.0.0.1-2026-11-03-04:05:0x", ""},
                         Row{"lost+found", ""},
                         Row{"", ""}}) {
    EXPECT_EQ(dump_date_of(row.name), row.date) << row.name;
  }
}

}  // namespace
}  // namespace kdump::config
