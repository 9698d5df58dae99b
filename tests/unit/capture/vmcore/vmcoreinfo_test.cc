// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/vmcoreinfo.h"

#include "base/io.h"
#include "tests/support/source_tree.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace kdump::capture {
namespace {

Vmcoreinfo sample(const std::string& name) {
  const auto text = read_file(kdump::test::source_path("tests/data/vmcoreinfo/" + name + ".txt"));
  EXPECT_TRUE(text);
  return Vmcoreinfo(*text);
}

TEST(Vmcoreinfo, ReadsEveryKindOfValueOfARealKernel) {
  const Vmcoreinfo info = sample("x86_64-debian-7.2");
  EXPECT_EQ(info.text("OSRELEASE"), "7.2.13+deb14-cloud-amd64");
  EXPECT_EQ(info.symbol("init_uts_ns"), VirtAddr(0xffffffff9b903f80ULL));
  EXPECT_EQ(info.size("page"), 64U);
  EXPECT_EQ(info.offset("page.compound_info"), 8U);
  EXPECT_EQ(info.length("mem_section"), 131072U);
  EXPECT_EQ(info.number("PAGE_BUDDY_MAPCOUNT_VALUE"), 0xfffffffff0000000ULL);
  EXPECT_EQ(info.number("VMALLOC_START"), 0xff8db10200000000ULL);
  EXPECT_EQ(info.decimal("CRASHTIME"), 1795408221U);
  ASSERT_TRUE(info.page_shift());
  EXPECT_EQ(info.page_shift()->bits, 12U);
  EXPECT_EQ(info.text("KERNELOFFSET"), "18400000");
}

TEST(Vmcoreinfo, AnAbsentKeyIsNoValue) {
  const Vmcoreinfo info = sample("x86_64-debian-6.1");
  EXPECT_EQ(info.symbol("no_such_thing"), std::nullopt);
  EXPECT_EQ(info.offset("page.compound_info"), std::nullopt);
  EXPECT_EQ(info.number("phys_base"), static_cast<std::uint64_t>(-794820608LL));
  EXPECT_TRUE(Vmcoreinfo("").empty());
  EXPECT_TRUE(Vmcoreinfo().empty());
}

struct NumberCase {
  const char* value;
  std::optional<std::uint64_t> number;
};

TEST(Vmcoreinfo, NumbersBeyondTheUsual) {
  const std::vector<NumberCase> table = {
      {"0", 0},
      {"-1", ~0ULL},
      {"-9223372036854775808", 1ULL << 63U},
      {"18446744073709551615", ~0ULL},
      {"0xff8db10200000000", 0xff8db10200000000ULL},
      {"18446744073709551616", std::nullopt},
      {"-9223372036854775809", std::nullopt},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"12 ", std::nullopt},
      {"0x", std::nullopt},
      {"1e3", std::nullopt},
  };
  for (const NumberCase& row : table) {
    EXPECT_EQ(Vmcoreinfo(std::string("NUMBER(n)=") + row.value).number("n"), row.number)
        << row.value;
  }
}

TEST(Vmcoreinfo, GarbageIsNoReasonToFail) {
  const std::string bytes(
      "=x\nno equals\nA=1\nA=2\n\n\xff\xfe=\x01\nSIZE(page)=sixty\nOFFSET(a)=-4\n"
      "SYMBOL(s)=xyz\nlast=line without end");
  const Vmcoreinfo info(bytes);
  EXPECT_EQ(info.text("A"), "1") << "of a repeated key the first counts";
  EXPECT_EQ(info.size("page"), std::nullopt);
  EXPECT_EQ(info.offset("a"), std::nullopt);
  EXPECT_EQ(info.symbol("s"), std::nullopt);
  EXPECT_EQ(info.text("last"), "line without end");
  EXPECT_EQ(info.text(""), std::nullopt);
}

struct PageSizeCase {
  const char* size;
  std::optional<unsigned> bits;
};

TEST(Vmcoreinfo, PageSizesThatReadersAccept) {
  const std::vector<PageSizeCase> table = {{"4096", 12},
                                           {"16384", 14},
                                           {"65536", 16},
                                           {"262144", 18},
                                           {"2048", std::nullopt},
                                           {"524288", std::nullopt},
                                           {"4097", std::nullopt},
                                           {"0", std::nullopt},
                                           {"-4096", std::nullopt}};
  for (const PageSizeCase& row : table) {
    const auto shift = Vmcoreinfo(std::string("PAGESIZE=") + row.size).page_shift();
    EXPECT_EQ(shift ? std::optional(shift->bits) : std::nullopt, row.bits) << row.size;
  }
}

}  // namespace
}  // namespace kdump::capture
