// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/debug_info.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNote =
    "OSRELEASE=6.1.0-1\nBUILD-ID=00ff\nSYMBOL(prb)=ffffffff8a000000\nSIZE(page)=64\n"
    "KERNELOFFSET=9000000\n";

TEST(DebugInfo, FillsGapsAndMovesSymbols) {
  const auto info =
      with_debug_info(Vmcoreinfo(kNote),
                      "OSRELEASE=6.1.0-1\nSIZE(page)=56\nOFFSET(page.lru)=8\n"
                      "SYMBOL(prb)=ffffffff81000000\nSYMBOL(_stext)=ffffffff81000000\n");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->size("page"), 64U) << "the kernel's own word counts";
  EXPECT_EQ(info->offset("page.lru"), 8U);
  EXPECT_EQ(info->symbol("prb"), VirtAddr(0xffffffff8a000000ULL));
  EXPECT_EQ(info->symbol("_stext"), VirtAddr(0xffffffff8a000000ULL)) << "moved by KERNELOFFSET";
}

TEST(DebugInfo, OfTheRunningKernelIsMovedAlready) {
  const auto info =
      with_debug_info(Vmcoreinfo(kNote),
                      "OSRELEASE=6.1.0-1\nSYMBOL(_stext)=ffffffff8a000000\nKERNELOFFSET=9000000\n");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->symbol("_stext"), VirtAddr(0xffffffff8a000000ULL));
}

TEST(DebugInfo, NothingGivenChangesNothing) {
  EXPECT_EQ(with_debug_info(Vmcoreinfo(kNote), "")->size("page"), 64U);
}

TEST(DebugInfo, OfAnotherKernelIsRefused) {
  struct Row {
    const char* text;
    ErrorKind kind;
    const char* message;
  };
  for (const Row& row : std::vector<Row>{
           {"OSRELEASE=6.1.0-2\n", ErrorKind::kMismatch, "its OSRELEASE is 6.1.0-1"},
           {"OSRELEASE=6.1.0-1\nBUILD-ID=ee\n", ErrorKind::kMismatch, "its BUILD-ID is 00ff"},
           {"BUILD-ID=ee\n", ErrorKind::kMismatch, "that of the given file ee"},
           {"SIZE(page)=64\n", ErrorKind::kBadData, "neither OSRELEASE nor BUILD-ID"},
       }) {
    const auto info = with_debug_info(Vmcoreinfo(kNote), row.text);
    ASSERT_FALSE(info) << row.text;
    EXPECT_EQ(info.error().kind, row.kind);
    EXPECT_THAT(info.error().message, HasSubstr(row.message));
  }
  EXPECT_TRUE(with_debug_info(Vmcoreinfo(), "OSRELEASE=6.1.0-2\n")) << "nothing to compare with";
}

}  // namespace
}  // namespace kdump::capture
