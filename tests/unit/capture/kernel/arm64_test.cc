// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/arch/arm64.h"

#include "tests/support/vmcore/toy_kernel.h"
#include "tests/unit/capture/filter/filtered.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::Arm64Mode;
using test::ToyKernel;
using ::testing::HasSubstr;

class Arm64 : public ::testing::TestWithParam<Arm64Mode> {
 protected:
  Arm64() : kernel_(options()) {}
  static ToyKernel::Options options() {
    ToyKernel::Options options;
    options.era = "6.12";
    options.arm64 = GetParam();
    return options;
  }
  std::unique_ptr<AddressSpace> space() {
    info_ = Vmcoreinfo(kernel_.vmcoreinfo());
    auto made = make_address_space(kernel_.memory(), info_);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  [[nodiscard]] PhysAddr memory(std::uint64_t offset) const {
    return PhysAddr(GetParam().physical_base + offset);
  }
  /// A part of the address space that the toy leaves empty: the upper quarter of its upper half.
  [[nodiscard]] VirtAddr somewhere() const {
    return VirtAddr(~std::uint64_t{0} << (std::min(GetParam().used_bits, 48U) - 3));
  }
  ToyKernel kernel_;
  Vmcoreinfo info_;
};

TEST_P(Arm64, FollowsTablesToPagesAndBlocks) {
  const auto& machine = kernel_.machine();
  for (unsigned level = 1; level <= std::min(machine.levels(), 3U); ++level) {
    const std::uint64_t size = machine.leaf_size(level);
    const VirtAddr virt(align_down(somewhere().value(), size));
    const PhysAddr phys(align_down(memory(0x8000000).value(), size));
    ToyKernel kernel(options());
    kernel.map(virt, phys, level);
    const auto space = make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()));
    ASSERT_TRUE(space) << space.error().message;
    for (const std::uint64_t inside : {std::uint64_t{0}, std::uint64_t{0x123}, size - 1}) {
      const auto found = (*space)->translate(virt + inside);
      ASSERT_TRUE(found) << level << ": " << found.error().message;
      EXPECT_EQ(found->phys, phys + inside) << level;
      EXPECT_EQ(found->size, size - inside) << level;
    }
  }
}

TEST_P(Arm64, FindsKernelImageDirectMapAndMemmap) {
  const auto space = this->space();
  const PhysAddr inside = memory(0x2345678);
  for (const VirtAddr address : {kernel_.direct_map(inside), kernel_.kernel_image(inside)}) {
    const auto found = space->translate(address);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->phys, inside);
  }
  const std::uint64_t pfn = kernel_.pfn(0x800);
  const auto found = space->translate(kernel_.struct_page(pfn));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->phys, kernel_.struct_page_phys(pfn));
}

TEST_P(Arm64, AddressesThatAreNotTheKernelsAreRefused) {
  const auto space = this->space();
  for (const std::uint64_t address : {0x0ULL, 0xffffffffffffULL, 0x7fffffffffffffffULL}) {
    const auto found = space->translate(VirtAddr(address));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::kBadData);
  }
  EXPECT_EQ(space->translate(somewhere()).error().kind, ErrorKind::kNotFound);
}

TEST_P(Arm64, EveryClassIsRecognised) {
  const std::uint64_t at = kernel_.pfn(0x900);
  kernel_.make_free(at, 5);
  kernel_.make_cache(at + 0x20);
  kernel_.make_cache_private(at + 0x21);
  kernel_.make_anonymous(at + 0x40, 6);
  kernel_.make_hugetlb(at + 0x80, 5);
  kernel_.make_slab(at + 0xa0, 3);
  kernel_.make_offline(at + 0xb0);
  test::Pages expected = test::run_of(at, 0x22);
  expected.merge(test::run_of(at + 0x40, 64));
  expected.merge(test::run_of(at + 0x80, 32));
  expected.insert(at + 0xb0);
  EXPECT_EQ(test::filter(kernel_, DumpLevel(31)).excluded, expected);
}

// What the keys say is checked against the tables, so a wrong or absent one does no harm.
TEST_P(Arm64, AContradictedLayoutIsReplacedByTheOneThatFits) {
  kernel_.set_key("NUMBER(TCR_EL1_T1SZ)", GetParam().used_bits == 48 ? "0xc" : "0x10");
  kernel_.set_key("NUMBER(VA_BITS)", GetParam().built_bits == 52 ? "48" : "52");
  const auto found = space()->translate(kernel_.direct_map(memory(0x2345678)));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->phys, memory(0x2345678));
}

TEST_P(Arm64, WithoutImageOffsetTheHeadersLeadToTheTables) {
  kernel_.set_key("NUMBER(kimage_voffset)", std::nullopt);
  EXPECT_FALSE(make_address_space(kernel_.memory(), Vmcoreinfo(kernel_.vmcoreinfo())));
  const VirtAddr top = *Vmcoreinfo(kernel_.vmcoreinfo()).symbol("swapper_pg_dir");
  kernel_.memory().set_header_address(top, PhysAddr(top.value() - kernel_.machine().image_offset));
  EXPECT_TRUE(space()->translate(kernel_.direct_map(memory(0x2345678))));
}

TEST_P(Arm64, DamagedEntriesAreErrors) {
  const VirtAddr direct = kernel_.direct_map(memory(0x2345678));
  const auto info = Vmcoreinfo(kernel_.vmcoreinfo());
  const unsigned leaf = kernel_.machine().direct_map_level;
  for (const std::uint64_t entry :
       {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0} - 1, std::uint64_t{0x1000}}) {
    kernel_.memory().put(kernel_.entry_place(direct, leaf), entry);
    const auto space = make_address_space(kernel_.memory(), info);
    ASSERT_TRUE(space);
    EXPECT_FALSE((*space)->translate(direct)) << entry;
  }
  // Every table is the table above: the walk ends, in a page of page tables or in an error.
  const PhysAddr root(*info.number("kimage_voffset") == 0 ? 0
                                                          : info.symbol("swapper_pg_dir")->value() -
                                                                *info.number("kimage_voffset"));
  kernel_.memory().put(kernel_.entry_place(direct, kernel_.machine().levels()),
                       kernel_.machine().entry(root.value(), kernel_.machine().levels(), false));
  const auto space = make_address_space(kernel_.memory(), info);
  ASSERT_TRUE(space);
  static_cast<void>((*space)->translate(direct));
}

INSTANTIATE_TEST_SUITE_P(Modes,
                         Arm64,
                         ::testing::ValuesIn(test::arm64_modes()),
                         [](const auto& mode) {
                           return fmt::format("Page{}_Built{}_Used{}_{:x}{}",
                                              1U << mode.param.page_bits,
                                              mode.param.built_bits,
                                              mode.param.used_bits,
                                              mode.param.physical_base,
                                              mode.param.tells_used_bits ? "" : "_Untold");
                         });

TEST(Arm64Paging, IsToldByKeys) {
  struct Row {
    const char* keys;
    Arm64Paging paging;
  };
  const std::vector<Row> table = {
      {"PAGESIZE=4096\nNUMBER(VA_BITS)=39\n", {12, 39, false}},
      {"PAGESIZE=4096\nNUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n", {12, 48, false}},
      {"PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n", {12, 48, false}},
      {"PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n", {12, 52, true}},
      {"PAGESIZE=16384\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x11\n", {14, 47, false}},
      {"PAGESIZE=65536\nNUMBER(VA_BITS)=48\n", {16, 48, false}},
      {"PAGESIZE=65536\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n", {16, 52, false}},
      {"PAGESIZE=4096\nNUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x7f\n", {12, 48, false}},
  };
  for (const Row& row : table) {
    const auto paging = arm64_paging(Vmcoreinfo(row.keys));
    ASSERT_TRUE(paging) << row.keys;
    EXPECT_EQ(*paging, row.paging) << row.keys;
  }
  for (const char* const keys : {"PAGESIZE=4096\n",
                                 "NUMBER(VA_BITS)=48\n",
                                 "PAGESIZE=8192\nNUMBER(VA_BITS)=48\n",
                                 "PAGESIZE=262144\nNUMBER(VA_BITS)=48\n",
                                 "PAGESIZE=4096\nNUMBER(VA_BITS)=0\n",
                                 "PAGESIZE=4096\nNUMBER(VA_BITS)=64\n"}) {
    EXPECT_EQ(arm64_paging(Vmcoreinfo(keys)).error().kind, ErrorKind::kNotFound) << keys;
  }
}

}  // namespace
}  // namespace kdump::capture
