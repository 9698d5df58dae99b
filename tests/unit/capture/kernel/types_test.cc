// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io.h"
#include "capture/kernel/types/btf.h"
#include "capture/kernel/types/complete.h"
#include "capture/kernel/types/kallsyms.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_types.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::add_kallsyms;
using test::toy_btf;
using test::ToyKernel;
using ::testing::HasSubstr;

/// A toy kernel with some bytes in its image.
class Types : public ::testing::Test {
 protected:
  VirtAddr place(std::string_view bytes) { return test::place_bytes(kernel_, bytes); }
  KernelMemory memory() {
    info_ = Vmcoreinfo(kernel_.vmcoreinfo());
    return {kernel_.memory(), *make_address_space(kernel_.memory(), info_)};
  }
  VirtAddr stext() { return *Vmcoreinfo(kernel_.vmcoreinfo()).symbol("_stext"); }

  ToyKernel kernel_;
  Vmcoreinfo info_;
};

TEST_F(Types, BtfTellsSizesOffsetsLengthsAndNumbers) {
  const VirtAddr start = place(toy_btf());
  const KernelMemory memory = this->memory();
  const auto btf = Btf::read(memory,
                             start,
                             {"page",
                              "flags",
                              "lru",
                              "mapping",
                              "zone",
                              "free_area",
                              "nodemask_t",
                              "pageflags",
                              "PG_head",
                              "absent"});
  ASSERT_TRUE(btf) << btf.error().message;
  EXPECT_EQ(btf->size("page"), 64U);
  EXPECT_EQ(btf->size("nodemask_t"), 64U);
  EXPECT_EQ(btf->offset("page", "lru"), 8U) << "a member of an anonymous union";
  EXPECT_EQ(btf->offset("page", "mapping"), 24U);
  EXPECT_EQ(btf->length("zone", "free_area"), 11U);
  EXPECT_EQ(btf->enumerator("pageflags", "PG_head"), 6U);
  EXPECT_EQ(btf->size("absent"), std::nullopt);
  EXPECT_EQ(btf->offset("page", "absent"), std::nullopt);
  EXPECT_EQ(btf->length("page", "flags"), std::nullopt);
}

TEST_F(Types, DamagedBtfIsAnErrorOrSaysLess) {
  const std::string good = toy_btf();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string bytes = good;
      bytes[i] = value;
      const PhysAddr at(0x2800000);
      kernel_.memory().write(at, as_bytes(bytes));
      const KernelMemory memory = this->memory();
      const auto btf = Btf::read(
          memory, kernel_.kernel_image(at), {"page", "lru", "zone", "free_area", "pageflags"});
      if (!btf) continue;
      static_cast<void>(btf->offset("page", "lru"));
      static_cast<void>(btf->length("zone", "free_area"));
      static_cast<void>(btf->enumerator("pageflags", "lru"));
    }
  }
}

TEST_F(Types, KallsymsIsReadWhenItAgreesWithVmcoreinfo) {
  add_kallsyms(kernel_, {{"_stext", stext()}, {"other", stext() + 16}, {"prb", stext() + 32}});
  const auto symbols = Kallsyms::read(Vmcoreinfo(kernel_.vmcoreinfo()), memory(), {"prb", "none"});
  ASSERT_TRUE(symbols) << symbols.error().message;
  EXPECT_EQ(symbols->address("prb"), stext() + 32);
  EXPECT_EQ(symbols->address("none"), std::nullopt);
  kernel_.set_key("SYMBOL(_stext)", "ffffffff81234560");
  const auto contradicted = Kallsyms::read(Vmcoreinfo(kernel_.vmcoreinfo()), memory(), {"prb"});
  ASSERT_FALSE(contradicted);
  EXPECT_THAT(contradicted.error().message, HasSubstr("_stext"));
}

TEST_F(Types, MissingKeysComeFromTheDumpAndPresentOnesStay) {
  add_kallsyms(kernel_, {{"_stext", stext()}, {"__start_BTF", place(toy_btf())}});
  for (const char* const key : {"SIZE(page)",
                                "OFFSET(page.lru)",
                                "NUMBER(PG_head_mask)",
                                "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
                                "LENGTH(zone.free_area)"}) {
    kernel_.set_key(key, std::nullopt);
  }
  kernel_.set_key("NUMBER(PG_lru)", "4");
  const KernelMemory memory = this->memory();
  const auto completed = complete_vmcoreinfo(info_, memory);
  EXPECT_TRUE(completed.symbols_found);
  EXPECT_TRUE(completed.types_found) << completed.trouble;
  EXPECT_EQ(completed.info.size("page"), 64U);
  EXPECT_EQ(completed.info.offset("page.lru"), 8U);
  EXPECT_EQ(completed.info.number("PG_head_mask"), 64U);
  EXPECT_EQ(completed.info.text("NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)"), "-268435456");
  EXPECT_EQ(completed.info.length("zone.free_area"), 11U);
  EXPECT_EQ(completed.info.number("PG_lru"), 4U) << "the dump's own key wins";
}

TEST_F(Types, WithoutSymbolsTheImageIsSearchedForBtf) {
  kernel_.set_key("SIZE(page)", std::nullopt);
  for (const char* const name : {"names", "num_syms", "offsets", "addresses"}) {
    kernel_.set_key(fmt::format("SYMBOL(kallsyms_{})", name), std::nullopt);
  }
  const VirtAddr start = place(toy_btf());
  kernel_.set_key("SYMBOL(_stext)", fmt::format("{:x}", start.value() - 0x5000));
  const KernelMemory memory = this->memory();
  EXPECT_EQ(complete_vmcoreinfo(info_, memory).info.size("page"), 64U);
}

}  // namespace
}  // namespace kdump::capture
