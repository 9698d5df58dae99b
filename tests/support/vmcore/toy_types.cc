// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/toy_types.h"

#include "base/io.h"

#include <fmt/format.h>

#include <cstdint>

namespace kdump::capture::test {
namespace {

constexpr std::uint64_t kBase = 0xffffffff80000000ULL;

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

}  // namespace

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

VirtAddr place_bytes(ToyKernel& kernel, std::string_view bytes) {
  const PhysAddr at = kernel.allocate(bytes.size());
  kernel.memory().write(at, as_bytes(bytes));
  return kernel.kernel_image(at);
}

void add_kallsyms(ToyKernel& kernel, const std::vector<std::pair<std::string, VirtAddr>>& symbols) {
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
  const auto key = [&kernel](const char* name, VirtAddr address) {
    kernel.set_key(fmt::format("SYMBOL({})", name), fmt::format("{:x}", address.value()));
  };
  key("kallsyms_names", place_bytes(kernel, names));
  key("kallsyms_num_syms", place_bytes(kernel, count));
  key("kallsyms_token_table", place_bytes(kernel, tokens));
  key("kallsyms_token_index", place_bytes(kernel, index));
  key("kallsyms_offsets", place_bytes(kernel, offsets));
  key("kallsyms_relative_base", place_bytes(kernel, base));
}

}  // namespace kdump::capture::test
