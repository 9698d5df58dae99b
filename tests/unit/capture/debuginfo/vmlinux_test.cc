// SPDX-License-Identifier: GPL-2.0-or-later
// A small program with a kernel's names, compiled by the compiler of this machine.
#include "capture/debuginfo/vmlinux.h"

#include "base/subprocess.h"
#include "capture/debuginfo/dwarf_types.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKernel = R"(
typedef unsigned long u64;
struct list_head { struct list_head *next, *prev; };
typedef struct { long counter; } atomic_long_t;
enum pageflags { PG_locked, PG_lru = 4, PG_head = 6, PG_negative = -2 };
struct page {
  u64 flags;
  union {
    struct { struct list_head lru; void *mapping; };
    struct { u64 compound_head; unsigned char compound_order; };
  };
  unsigned bits : 3, more : 5;
  atomic_long_t _mapcount;
};
struct free_area { struct list_head free_list[6]; u64 nr_free; };
struct zone { long watermark[4]; struct free_area free_area[11]; atomic_long_t vm_stat[3]; };
struct declared;
struct declared *unknown;
struct page first_page;
struct zone first_zone;
enum pageflags flag;
const char linux_banner[] = "Linux version 6.1.0-test (builder) #1 SMP\n";
char _stext[16];
int main(void) { return first_page.flags + first_zone.watermark[0] + flag; }
)";

class Vmlinux : public ::testing::Test {
 protected:
  std::string compile(const std::string& source, const std::vector<std::string>& options) {
    tree_.write("/kernel.c", source);
    std::vector<std::string> argv = {"cc", tree_.path("/kernel.c"), "-o", tree_.path("/vmlinux")};
    argv.insert(argv.end(), options.begin(), options.end());
    const auto done = run_command(argv, std::chrono::seconds(60));
    EXPECT_TRUE(done && done->status.success());
    return tree_.path("/vmlinux");
  }
  kdump::test::TempTree tree_;
};

TEST_F(Vmlinux, SaysWhatAKernelWouldSay) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"-gdwarf-4"}, {"-gdwarf-5"}, {"-g", "-gz"}}) {
    auto all = options;
    all.insert(all.end(), {"-no-pie", "-Wl,--build-id=0x0123456789abcdef"});
    const auto text = vmcoreinfo_of(compile(kKernel, all));
    ASSERT_TRUE(text) << text.error().message;
    for (const char* const line : {"OSRELEASE=6.1.0-test\n",
                                   "BUILD-ID=0123456789abcdef\n",
                                   "SIZE(page)=48\n",
                                   "OFFSET(page.flags)=0\n",
                                   "OFFSET(page.lru)=8\n",
                                   "OFFSET(page.mapping)=24\n",
                                   "OFFSET(page.compound_head)=8\n",
                                   "OFFSET(page.compound_order)=16\n",
                                   "OFFSET(page._mapcount)=40\n",
                                   "OFFSET(atomic_long_t.counter)=0\n",
                                   "SIZE(atomic_long_t)=8\n",
                                   "LENGTH(zone.free_area)=11\n",
                                   "LENGTH(free_area.free_list)=6\n",
                                   "OFFSET(zone.free_area)=32\n",
                                   "NUMBER(PG_lru)=4\n",
                                   "NUMBER(PG_head_mask)=64\n",
                                   "SYMBOL(_stext)="}) {
      EXPECT_THAT(*text, HasSubstr(line)) << options.front();
    }
    EXPECT_THAT(*text, Not(HasSubstr("page.private"))) << "this kernel has no such member";
  }
}

TEST_F(Vmlinux, TypesAnswerOnlyWhatIsSo) {
  const auto types =
      DwarfTypes::read(compile(kKernel, {"-g"}), {"page", "pageflags", "zone", "declared", "u64"});
  ASSERT_TRUE(types) << types.error().message;
  EXPECT_EQ(types->enumerator("pageflags", "PG_negative"), ~std::uint64_t{1});
  EXPECT_EQ(types->enumerator("pageflags", "PG_absent"), std::nullopt);
  EXPECT_EQ(types->enumerator("page", "PG_lru"), std::nullopt);
  EXPECT_EQ(types->offset("page", "bits"), std::nullopt) << "a bit-field is no answer";
  EXPECT_EQ(types->offset("pageflags", "flags"), std::nullopt);
  EXPECT_EQ(types->length("page", "flags"), std::nullopt) << "no array";
  EXPECT_EQ(types->length("zone", "vm_stat"), 3U);
  EXPECT_EQ(types->size("u64"), 8U);
  EXPECT_EQ(types->size("declared"), std::nullopt) << "declared only";
  EXPECT_EQ(types->size("list_head"), std::nullopt) << "nobody said it would be asked for";
}

TEST_F(Vmlinux, OtherFilesAreRefusedWithTheReason) {
  const auto stripped = vmcoreinfo_of(compile(kKernel, {"-g0"}));
  ASSERT_FALSE(stripped);
  EXPECT_THAT(stripped.error().message, HasSubstr("no debug information"));
  const auto program = vmcoreinfo_of(compile("int main(void) { return 0; }", {"-g"}));
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, HasSubstr("does not describe a kernel"));
  tree_.write("/text", "no ELF file");
  const auto text = vmcoreinfo_of(tree_.path("/text"));
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("not an ELF file"));
  EXPECT_FALSE(vmcoreinfo_of(tree_.path("/absent")));
}

}  // namespace
}  // namespace kdump::capture
