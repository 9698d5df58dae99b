// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/arch/x86_64.h"

#include "base/io.h"
#include "capture/kernel/kernel_memory.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <elf.h>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;

struct PagingMode {
  const char* name;
  bool five_level;
  std::uint64_t sme_mask;
  std::int64_t phys_base;
};

class Paging : public ::testing::TestWithParam<PagingMode> {
 protected:
  Paging() : kernel_(options()) {}
  static ToyKernel::Options options() {
    ToyKernel::Options options;
    options.five_level = GetParam().five_level;
    options.sme_mask = GetParam().sme_mask;
    options.phys_base = GetParam().phys_base;
    return options;
  }
  std::unique_ptr<AddressSpace> space() {
    auto made = make_address_space(kernel_.memory(), Vmcoreinfo(kernel_.vmcoreinfo()));
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  [[nodiscard]] VirtAddr somewhere() const {
    return VirtAddr(GetParam().five_level ? 0xffa0000000000000ULL : 0xffffc90000000000ULL);
  }
  ToyKernel kernel_;
};

TEST_P(Paging, FollowsTablesToLeavesOfEverySize) {
  const std::uint64_t sizes[] = {0, 0x1000, 0x200000, 0x40000000};
  for (unsigned level = 1; level <= 3; ++level) {
    const VirtAddr virt = somewhere() + level * 0x80000000ULL;
    kernel_.map(virt, PhysAddr(0x40000000), level);
    const auto space = this->space();
    for (const std::uint64_t inside : {0ULL, 0x123ULL, 0xfffULL}) {
      const auto found = space->translate(virt + inside);
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_EQ(found->phys, PhysAddr(0x40000000 + inside));
      EXPECT_EQ(found->size, sizes[level] - inside);
    }
    const auto last = space->translate(virt + (sizes[level] - 1));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->phys, PhysAddr(0x40000000 + sizes[level] - 1));
    EXPECT_EQ(last->size, 1U);
    const auto behind = space->translate(virt + sizes[level]);
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().kind, ErrorKind::kNotFound);
  }
}

TEST_P(Paging, ComputesTheKernelImage) {
  const auto space = this->space();
  const auto found = space->translate(kernel_.kernel_image(PhysAddr(0x2000000)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->phys, PhysAddr(0x2000000));
  EXPECT_GE(found->size, 1U);
  EXPECT_LE(found->size, 0x200000U);
}

TEST_P(Paging, AddressesThatAreNotTheKernelsAreRefused) {
  const auto space = this->space();
  for (const std::uint64_t address : {0x0ULL,
                                      0x7fffffffffffULL,
                                      0x800000000000ULL,
                                      0x00ffffffffffffffULL,
                                      0x8000000000000000ULL,
                                      0xfeffffffffffffffULL}) {
    const auto found = space->translate(VirtAddr(address));
    ASSERT_FALSE(found) << std::hex << address;
    EXPECT_EQ(found.error().kind, ErrorKind::kBadData) << std::hex << address;
  }
}

TEST_P(Paging, AnUnreadableTableIsAnErrorOfItsAddressesOnly) {
  kernel_.map(somewhere(), PhysAddr(0x100000), 1);
  const PhysAddr last_table = kernel_.allocate(1) - 0x1000;
  kernel_.memory().set_unreadable(last_table);
  const auto space = this->space();
  const auto lost = space->translate(somewhere());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kUnreadable);
  EXPECT_TRUE(space->translate(kernel_.direct_map(PhysAddr(0x5000))));
}

TEST_P(Paging, ReadsAcrossPagesThatAreNoNeighbours) {
  kernel_.map(somewhere(), PhysAddr(0x300000), 1);
  kernel_.map(somewhere() + 0x1000, PhysAddr(0x200000), 1);
  kernel_.memory().write(PhysAddr(0x300ffd), as_bytes("abc"));
  kernel_.memory().write(PhysAddr(0x200000), as_bytes("def"));
  const KernelMemory memory(kernel_.memory(), space());
  std::string text(6, '?');
  ASSERT_TRUE(memory.read(somewhere() + 0xffd, std::as_writable_bytes(std::span(text))));
  EXPECT_EQ(text, "abcdef");
  EXPECT_FALSE(memory.read(somewhere() + 0x1ffd, std::as_writable_bytes(std::span(text))));
}

INSTANTIATE_TEST_SUITE_P(Levels,
                         Paging,
                         ::testing::Values(PagingMode{"four", false, 0, 0x1000000},
                                           PagingMode{"five", true, 0, -0x1000000},
                                           PagingMode{"sme", false, 1ULL << 47U, -0x800000},
                                           PagingMode{"five_sme", true, 1ULL << 51U, 0}),
                         [](const auto& row) { return row.param.name; });

TEST(X86_64AddressSpace, SaysWhichKeyIsMissing) {
  struct Row {
    std::vector<std::string> removed;
    const char* message;
  };
  const std::vector<Row> table = {
      {{"NUMBER(phys_base)"}, "NUMBER(phys_base)"},
      {{"SYMBOL(init_top_pgt)", "SYMBOL(swapper_pg_dir)"}, "SYMBOL(init_top_pgt)"},
  };
  for (const Row& row : table) {
    ToyKernel kernel;
    for (const std::string& key : row.removed) kernel.set_key(key, std::nullopt);
    const auto space = make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()));
    ASSERT_FALSE(space);
    EXPECT_EQ(space.error().kind, ErrorKind::kNotFound);
    EXPECT_THAT(space.error().message, HasSubstr(row.message));
  }
  ToyKernel kernel;
  kernel.set_key("SYMBOL(init_top_pgt)", std::nullopt);
  EXPECT_TRUE(make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo())))
      << "swapper_pg_dir is the same table";
}

TEST(X86_64AddressSpace, TakesPhysBaseFromTheImageWhenTheKernelDoesNotTell) {
  ToyKernel kernel;
  kernel.set_key("NUMBER(phys_base)", std::nullopt);
  kernel.set_key("SYMBOL(_stext)", "ffffffff82000000");
  kernel.memory().set_header_address(VirtAddr(0xffffffff82000000ULL), PhysAddr(0x1000000));
  const auto space = make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()));
  ASSERT_TRUE(space) << space.error().message;
  const auto found = (*space)->translate(kernel.kernel_image(PhysAddr(0x2345678)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->phys, PhysAddr(0x2345678));
}

TEST(X86_64AddressSpace, ATopTableOutsideTheKernelIsBadData) {
  ToyKernel kernel;
  kernel.set_key("SYMBOL(init_top_pgt)", "ffff888000001000");
  const auto space = make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()));
  ASSERT_TRUE(space);
  const auto found = (*space)->translate(kernel.direct_map(PhysAddr(0x5000)));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kBadData);
}

TEST(KernelMemory, DamagedPageTablesLeaveWhatTheHeadersSay) {
  ToyKernel kernel;
  const VirtAddr unmapped(0xffffc90000000000ULL);
  kernel.memory().set_header_address(unmapped, PhysAddr(0x300000));
  kernel.memory().write(PhysAddr(0x300010), as_bytes("found"));
  const KernelMemory memory(kernel.memory(),
                            *make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo())));
  std::string text(5, '?');
  ASSERT_TRUE(memory.read(unmapped + 0x10, std::as_writable_bytes(std::span(text))));
  EXPECT_EQ(text, "found");
}

TEST(AddressSpaces, AnUnknownMachineIsUnsupported) {
  ToyKernel kernel;
  kernel.memory().set_machine(EM_S390);
  const auto space = make_address_space(kernel.memory(), Vmcoreinfo(kernel.vmcoreinfo()));
  ASSERT_FALSE(space);
  EXPECT_EQ(space.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace kdump::capture
