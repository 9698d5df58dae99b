// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/io.h"
#include "capture/kernel/types/btf.h"
#include "capture/kernel/types/complete.h"
#include "capture/kernel/types/kallsyms.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;

/// BTF by include/uapi/linux/btf.h.
class BtfBuilder {
 public:
  std::uint32_t name(std::string_view text) {
    const auto at = static_cast<std::uint32_t>(strings_.size());
    strings_ += text;
    strings_ += '\0';
    return at;
  }
  /// Returns the type's id.
  std::uint32_t type(std::string_view text,
                     unsigned kind,
                     std::uint32_t count,
                     std::uint32_t size_or_type,
                     const std::vector<std::uint32_t>& tail = {}) {
    const std::uint32_t at = text.empty() ? 0 : name(text);
    words_.insert(words_.end(), {at, kind << 24U | count, size_or_type});
    words_.insert(words_.end(), tail.begin(), tail.end());
    return ++types_;
  }
  [[nodiscard]] std::string bytes() const {
    const auto types = static_cast<std::uint32_t>(words_.size() * 4);
    const std::vector<std::uint32_t> header = {
        0x0001eb9f, 24, 0, types, types, static_cast<std::uint32_t>(strings_.size())};
    std::string text(reinterpret_cast<const char*>(header.data()), header.size() * 4);
    text.append(reinterpret_cast<const char*>(words_.data()), types);
    return text + strings_;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::string strings_{'\0'};
  std::uint32_t types_ = 0;
};

constexpr unsigned kInt = 1, kArray = 3, kStruct = 4, kUnion = 5, kEnum = 6, kTypedef = 8;

std::string toy_btf() {
  BtfBuilder btf;
  const auto word = btf.type("long", kInt, 0, 8, {64});
  const auto array = btf.type("", kArray, 0, 0, {word, word, 11});
  const auto inner = btf.type("", kUnion, 2, 8, {btf.name("lru"), word, 0, btf.name("x"), word, 0});
  const auto structure =
      btf.type("page",
               kStruct,
               3,
               64,
               {btf.name("flags"), word, 0, 0, inner, 64, btf.name("mapping"), word, 192});
  btf.type("zone", kStruct, 1, 1536, {btf.name("free_area"), array, 2048});
  btf.type("nodemask_t", kTypedef, 0, structure);
  btf.type("pageflags", kEnum, 2, 4, {btf.name("PG_lru"), 5, btf.name("PG_head"), 6});
  btf.type("pagetype", kEnum, 1, 4, {btf.name("PGTY_buddy"), 0xf0});
  return btf.bytes();
}

/// A toy kernel with some bytes in its image.
class Types : public ::testing::Test {
 protected:
  VirtAddr place(std::string_view bytes) {
    const PhysAddr at = kernel_.allocate(bytes.size());
    kernel_.memory().write(at, as_bytes(bytes));
    return kernel_.kernel_image(at);
  }
  KernelMemory memory() {
    info_ = Vmcoreinfo(kernel_.vmcoreinfo());
    return {kernel_.memory(), *make_address_space(kernel_.memory(), info_)};
  }
  /// kallsyms with a token for each character, addresses as distances from a base.
  void add_kallsyms(const std::vector<std::pair<std::string, VirtAddr>>& symbols) {
    std::string names, offsets, tokens, index;
    const auto put = [](std::string& text, std::uint64_t value, unsigned bytes) {
      for (unsigned i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
    };
    for (const auto& [name, address] : symbols) {
      names += static_cast<char>(name.size() + 1);
      names += 'T' + name;
      put(offsets, address.value() - kBase, 4);
    }
    for (unsigned i = 0; i < 256; ++i) {
      put(index, tokens.size(), 2);
      tokens += i == 0 ? 'Z' : static_cast<char>(i);
      tokens += '\0';
    }
    std::string count, base;
    put(count, symbols.size(), 4);
    put(base, kBase, 8);
    const auto key = [this](const char* name, VirtAddr address) {
      kernel_.set_key(fmt::format("SYMBOL({})", name), fmt::format("{:x}", address.value()));
    };
    key("kallsyms_names", place(names));
    key("kallsyms_num_syms", place(count));
    key("kallsyms_token_table", place(tokens));
    key("kallsyms_token_index", place(index));
    key("kallsyms_offsets", place(offsets));
    key("kallsyms_relative_base", place(base));
  }
  VirtAddr stext() { return *Vmcoreinfo(kernel_.vmcoreinfo()).symbol("_stext"); }

  static constexpr std::uint64_t kBase = 0xffffffff80000000ULL;
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
  add_kallsyms({{"_stext", stext()}, {"other", stext() + 16}, {"prb", stext() + 32}});
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
  add_kallsyms({{"_stext", stext()}, {"__start_BTF", place(toy_btf())}});
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
