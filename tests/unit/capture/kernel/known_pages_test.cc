// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/known_pages.h"

#include "capture/kernel/address_space.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_tasks.h"

#include <gmock/gmock.h>

#include <string>

namespace kdump::capture {
namespace {

using test::ToyKernel;

class KnownPagesTest : public ::testing::Test {
 protected:
  KnownPagesTest() { set("SYMBOL(prb)", std::nullopt); }

  void set(const std::string& key, std::optional<std::string> value) {
    kernel_.set_key(key, std::move(value));
  }
  void symbol(const char* name, VirtAddr address) {
    set(fmt::format("SYMBOL({})", name), fmt::format("{:x}", address.value()));
  }
  /// A variable of the kernel.
  template <typename T>
  VirtAddr variable(const char* name, T value) {
    const PhysAddr at = kernel_.allocate(4096);
    kernel_.memory().put(at, value);
    symbol(name, kernel_.kernel_image(at));
    return kernel_.kernel_image(at);
  }
  VirtAddr direct(std::uint64_t pfn) const { return tasks_.direct(pfn); }
  KnownPages find() {
    info_ = Vmcoreinfo(kernel_.vmcoreinfo());
    const KernelMemory memory(kernel_.memory(), *make_address_space(kernel_.memory(), info_));
    return find_known_pages(info_, memory, PageShift{});
  }
  void add_per_cpu(std::uint32_t count) {
    set("SYMBOL(__per_cpu_start)", "0");
    set("SYMBOL(__per_cpu_end)", "2800");
    variable("nr_cpu_ids", count);
    const VirtAddr offsets = variable("__per_cpu_offset", direct(0x9100).value());
    const PhysAddr at(offsets.value() - kernel_.machine().image_offset);
    kernel_.memory().put(at + 8, direct(0x9180).value());
    variable("crash_notes", std::uint64_t{0x40000});
  }

  ToyKernel kernel_;
  test::ToyTasks tasks_{kernel_};
  Vmcoreinfo info_;
};

TEST_F(KnownPagesTest, SectionsOfTheImage) {
  symbol("_stext", kernel_.kernel_image(PhysAddr(0x9100000)));
  symbol("_etext", kernel_.kernel_image(PhysAddr(0x9103001)));
  symbol("_sdata", kernel_.kernel_image(PhysAddr(0x9200000)));
  symbol("_edata", kernel_.kernel_image(PhysAddr(0x9202000)));
  symbol("__bss_start", kernel_.kernel_image(PhysAddr(0x9300000)));
  symbol("__bss_stop", kernel_.kernel_image(PhysAddr(0x9200000)));  // nonsense
  const KnownPages known = find();
  EXPECT_THAT(known.image.ranges(),
              ::testing::ElementsAre(Range{0x9100, 0x9104}, Range{0x9200, 0x9202}));
  EXPECT_TRUE(known.certain.contains(Range{0x9100, 0x9104}));
  EXPECT_FALSE(known.certain.contains(0x9200)) << "some of the data may be given back";
}

TEST_F(KnownPagesTest, WhatTheDecryptedSectionGivesBackIsNotKnown) {
  symbol("__bss_start", kernel_.kernel_image(PhysAddr(0x9200000)));
  symbol("__start_bss_decrypted_unused", kernel_.kernel_image(PhysAddr(0x9203000)));
  symbol("__end_bss_decrypted", kernel_.kernel_image(PhysAddr(0x9210000)));
  symbol("__bss_stop", kernel_.kernel_image(PhysAddr(0x9212000)));
  EXPECT_THAT(find().image.ranges(),
              ::testing::ElementsAre(Range{0x9200, 0x9203}, Range{0x9210, 0x9212}));
}

TEST_F(KnownPagesTest, RootsOfPageTables) {
  const KnownPages known = find();
  const Vmcoreinfo info(kernel_.vmcoreinfo());
  const std::uint64_t root =
      (info.symbol("init_top_pgt")->value() - kernel_.machine().image_offset) / 4096;
  EXPECT_TRUE(known.certain.contains(root));
  // The tables of the direct map and of the memmap.
  EXPECT_GE(known.state.total(), 3U);
}

TEST_F(KnownPagesTest, TheMessageBuffer) {
  variable("log_buf", direct(0x9400).value());
  variable("log_buf_len", std::uint32_t{0x8000});
  EXPECT_TRUE(find().certain.contains(Range{0x9400, 0x9408}));
  variable("log_buf_len", std::uint32_t{0xffffffff});
  EXPECT_FALSE(find().certain.contains(0x9400)) << "longer than any kernel's";
}

TEST_F(KnownPagesTest, AreasAndNotesOfTheCpus) {
  add_per_cpu(2);
  const KnownPages known = find();
  for (const std::uint64_t area : {0x9100U, 0x9180U}) {
    EXPECT_TRUE(known.certain.contains(Range{area, area + 3})) << area;
    EXPECT_FALSE(known.all().contains(area + 3)) << area;
    EXPECT_TRUE(known.certain.contains(area + 0x40)) << "notes";
  }
}

TEST_F(KnownPagesTest, NumbersWithoutACpu) {
  add_per_cpu(2);
  // The second one has the offset of the area in the image.
  symbol("_text", direct(0x9180));
  symbol("_end", direct(0x9190));
  const KnownPages known = find();
  EXPECT_TRUE(known.certain.contains(0x9100));
  EXPECT_FALSE(known.all().contains(0x9180));
}

TEST_F(KnownPagesTest, StacksOfAllTasksAndThreads) {
  tasks_.add();
  const KnownPages known = find();
  for (const std::uint64_t pfn : {0x9200U, 0x9201U, 0x9202U, 0x9203U}) {
    EXPECT_TRUE(known.certain.contains(pfn)) << pfn;
  }
  for (const std::uint64_t stack : {0x9300U, 0x9310U, 0x9320U, 0x9330U}) {
    EXPECT_TRUE(known.certain.contains(Range{stack, stack + 4})) << stack;
    EXPECT_FALSE(known.all().contains(stack + 4)) << stack;
  }
}

TEST_F(KnownPagesTest, NothingBehindATaskStructThatIsCutOff) {
  tasks_.add();
  set("SIZE(task_struct)", "9000");
  EXPECT_TRUE(find().certain.contains(0x9205));
  variable("arch_task_struct_size", std::uint32_t{4000});
  EXPECT_FALSE(find().all().contains(0x9205));
  EXPECT_TRUE(find().certain.contains(0x9203));
}

// A crashed kernel's lists and numbers can be anything: the search ends, in time.
TEST_F(KnownPagesTest, DamageEndsTheSearch) {
  tasks_.add();
  add_per_cpu(0xffffffff);
  tasks_.link(0x9202, 0x9202);                       // never comes back
  tasks_.put(0x9203, 48, direct(0x9203) + 48);       // nor does this
  tasks_.put(0x9201, 32, VirtAddr(0x123456789abc));  // no stack
  const KnownPages known = find();
  EXPECT_TRUE(known.certain.contains(0x9202));
  EXPECT_LT(known.all().total(), 100U);
}

}  // namespace
}  // namespace kdump::capture
