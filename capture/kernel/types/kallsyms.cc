// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/types/kallsyms.h"

#include "capture/kernel/types/kernel_stream.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

namespace kdump::capture {
namespace {

constexpr std::string_view kAnchor = "_stext";
// A distribution kernel has 200,000 symbols in 3 MiB.
constexpr std::uint32_t kMaxSymbols = std::uint32_t{4} << 20U;
constexpr std::uint64_t kMaxNames = std::uint64_t{128} << 20U;
// scripts/kallsyms.c: 256 tokens; names have at most 512 characters (KSYM_NAME_LEN).
constexpr std::size_t kTokens = 256;
constexpr std::size_t kMaxToken = 512;
constexpr std::size_t kMaxName = 1024;
constexpr std::uint8_t kLongName = 0x80;

using Tokens = std::array<std::string, kTokens>;
using Indices = std::map<std::string, std::uint32_t, std::less<>>;

Result<VirtAddr> symbol(const Vmcoreinfo& info, std::string_view name) {
  const auto address = info.symbol(name);
  if (address) return *address;
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL({})", name);
}

Result<Tokens> read_tokens(const Vmcoreinfo& info, const KernelMemory& memory) {
  const VirtAddr table = TRY(symbol(info, "kallsyms_token_table"));
  using Starts = std::array<std::uint16_t, kTokens>;
  const VirtAddr index = TRY(symbol(info, "kallsyms_token_index"));
  const Starts starts = TRY(memory.read<Starts>(index));
  // Tokens stand behind each other; the start of the last bounds them all.
  KernelStream stream(memory, table, std::uint64_t{starts.back()} + kMaxToken);
  Tokens tokens;
  for (std::size_t i = 0; i < kTokens; ++i) {
    if (stream.position() != starts[i]) {
      return make_error(ErrorKind::kBadData, "the tokens of kallsyms are damaged");
    }
    for (;;) {
      const char c = TRY(stream.take_value<char>());
      if (c == '\0') break;
      tokens[i] += c;
    }
  }
  return tokens;
}

/// The first two characters of a name as a number: nearly all symbols are passed over by them.
constexpr std::size_t kStarts = std::size_t{1} << 16U;
constexpr std::size_t kStartSize = 2;
std::size_t name_start(std::string_view name) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < kStartSize; ++i) {
    start = start << 8U | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
  }
  return start;
}

/// What a symbol begins with, by its first token: its type, then the first two characters of its
/// name.
struct TokenStart {
  std::uint8_t size = 0;  ///< of the token, up to three characters
  std::array<char, 1 + kStartSize> text{};
};
using TokenStarts = std::array<TokenStart, kTokens>;

TokenStarts starts_of(const Tokens& tokens) {
  TokenStarts starts;
  for (std::size_t i = 0; i < kTokens; ++i) {
    const std::size_t size = std::min(tokens[i].size(), starts[i].text.size());
    std::copy_n(tokens[i].begin(), size, starts[i].text.begin());
    starts[i].size = static_cast<std::uint8_t>(size);
  }
  return starts;
}

/// Which symbols may be one of the names, by their first tokens.
class StartFilter {
 public:
  StartFilter(const std::vector<std::string_view>& names, const Tokens& tokens)
      : tokens_(starts_of(tokens)) {
    for (const std::string_view name : names) wanted_.set(name_start(name));
    for (std::size_t i = 0; i < kTokens; ++i) {
      const TokenStart& token = tokens_[i];
      undecided_[i] = token.size < token.text.size() || wanted_.test(start_of(token));
    }
  }

  [[nodiscard]] bool passes(std::span<const std::byte> compressed) const {
    if (compressed.empty() || !undecided_[static_cast<std::size_t>(compressed.front())]) {
      return false;
    }
    TokenStart whole;
    for (const std::byte token : compressed) {
      const TokenStart& next = tokens_[static_cast<std::size_t>(token)];
      for (std::size_t i = 0; i < next.size && whole.size < whole.text.size(); ++i) {
        whole.text[whole.size++] = next.text[i];
      }
      if (whole.size == whole.text.size()) break;
    }
    return wanted_.test(start_of(whole));
  }

 private:
  static std::size_t start_of(const TokenStart& symbol) {
    return name_start({symbol.text.data() + 1, kStartSize});
  }
  TokenStarts tokens_;
  std::bitset<kStarts> wanted_;
  std::array<bool, kTokens> undecided_{};  ///< by the first token alone
};

/// The next symbol, compressed: behind a length of one byte, or (6.1, 73bbb94466fd) of two where it
/// is above 127.
Result<std::span<const std::byte>> take_symbol(KernelStream& stream, bool long_names) {
  std::size_t length = TRY(stream.take_value<std::uint8_t>());
  if (long_names && (length & kLongName) != 0) {
    length = (length & ~std::size_t{kLongName}) |
             std::size_t{TRY(stream.take_value<std::uint8_t>())} << 7U;
  }
  return stream.take(length);
}

/// Places of `names` in the table.
Result<Indices> find_names(KernelStream stream,
                           std::uint32_t count,
                           bool long_names,
                           const Tokens& tokens,
                           const std::vector<std::string_view>& names) {
  Indices found;
  std::string text;
  const StartFilter filter(names, tokens);
  std::bitset<kMaxName> lengths;
  for (const std::string_view name : names) lengths.set(std::min(name.size() + 1, kMaxName - 1));
  for (std::uint32_t i = 0; i < count && found.size() < names.size(); ++i) {
    std::span<const std::byte> compressed;
    const auto there = stream.buffered();
    const auto length = there.empty() ? kLongName : static_cast<std::uint8_t>(there.front());
    if (length < kLongName && length < there.size()) {
      compressed = there.subspan(1, length);
      stream.next(1 + std::size_t{length});
    } else {
      compressed = TRY(take_symbol(stream, long_names));
    }
    if (!filter.passes(compressed)) continue;
    std::size_t size = 0;
    for (const std::byte token : compressed) size += tokens[static_cast<std::size_t>(token)].size();
    if (size == 0 || size >= kMaxName || !lengths.test(size)) continue;
    text.clear();
    for (const std::byte token : compressed) text += tokens[static_cast<std::size_t>(token)];
    const std::string_view name = std::string_view(text).substr(1);
    if (std::binary_search(names.begin(), names.end(), name)) found.emplace(name, i);
  }
  return found;
}

/// The ways to keep addresses (kernel/kallsyms.c: kallsyms_sym_address).
enum class Form {
  kAbsolute,        ///< 64-bit addresses
  kFromBase,        ///< 32-bit distances from kallsyms_relative_base
  kFromBasePerCpu,  ///< negative ones are; others are addresses (x86_64, until 6.14)
  kFromOwnPlace,    ///< 32-bit distances from where they stand (7.0)
};

class Addresses {
 public:
  static std::optional<Addresses> open(const Vmcoreinfo& info,
                                       const KernelMemory& memory,
                                       Form form) {
    const auto table =
        info.symbol(form == Form::kAbsolute ? "kallsyms_addresses" : "kallsyms_offsets");
    if (!table) return std::nullopt;
    Addresses addresses(memory, form, *table);
    if (form == Form::kFromBase || form == Form::kFromBasePerCpu) {
      const auto base = info.symbol("kallsyms_relative_base");
      if (!base) return std::nullopt;
      const auto value = memory.read<std::uint64_t>(*base);
      if (!value) return std::nullopt;
      addresses.base_ = *value;
    }
    return addresses;
  }

  [[nodiscard]] std::optional<VirtAddr> at(std::uint32_t index) const {
    if (form_ == Form::kAbsolute) {
      const auto address = memory_->read<std::uint64_t>(table_ + std::uint64_t{index} * 8);
      return address ? std::optional(VirtAddr(*address)) : std::nullopt;
    }
    const VirtAddr place = table_ + std::uint64_t{index} * 4;
    const auto word = memory_->read<std::uint32_t>(place);
    if (!word) return std::nullopt;
    const auto distance = static_cast<std::int32_t>(*word);
    const auto extended = static_cast<std::uint64_t>(std::int64_t{distance});
    switch (form_) {
      case Form::kFromBase:
        return VirtAddr(base_ + *word);
      case Form::kFromBasePerCpu:
        return VirtAddr(distance >= 0 ? extended : base_ - 1 - extended);
      case Form::kFromOwnPlace:
        return VirtAddr(place.value() + extended);
      case Form::kAbsolute:
        break;
    }
    return std::nullopt;
  }

 private:
  Addresses(const KernelMemory& memory, Form form, VirtAddr table)
      : memory_(&memory), form_(form), table_(table) {}
  const KernelMemory* memory_;
  Form form_;
  VirtAddr table_;
  std::uint64_t base_ = 0;
};

std::optional<std::map<std::string, VirtAddr, std::less<>>> addresses_of(const Indices& indices,
                                                                         const Vmcoreinfo& info,
                                                                         const KernelMemory& memory,
                                                                         VirtAddr anchor) {
  const auto place = indices.find(kAnchor);
  if (place == indices.end()) return std::nullopt;
  for (const Form form :
       {Form::kAbsolute, Form::kFromBasePerCpu, Form::kFromBase, Form::kFromOwnPlace}) {
    const auto addresses = Addresses::open(info, memory, form);
    if (!addresses || addresses->at(place->second) != anchor) continue;
    std::map<std::string, VirtAddr, std::less<>> symbols;
    for (const auto& [name, index] : indices) {
      if (const auto address = addresses->at(index)) symbols.emplace(name, *address);
    }
    return symbols;
  }
  return std::nullopt;
}

}  // namespace

Result<Kallsyms> Kallsyms::read(const Vmcoreinfo& info,
                                const KernelMemory& memory,
                                const std::vector<std::string_view>& names) {
  const VirtAddr anchor = TRY(symbol(info, kAnchor));
  const VirtAddr table = TRY(symbol(info, "kallsyms_names"));
  const auto count = TRY(memory.read<std::uint32_t>(TRY(symbol(info, "kallsyms_num_syms"))));
  if (count == 0 || count > kMaxSymbols) {
    return make_error(ErrorKind::kBadData, "kallsyms claims to have {} symbols", count);
  }
  const Tokens tokens = TRY(read_tokens(info, memory));
  std::vector<std::string_view> wanted = names;
  wanted.push_back(kAnchor);
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const bool long_names : {true, false}) {
    const KernelStream stream(memory, table, kMaxNames);
    const auto indices = find_names(stream, count, long_names, tokens, wanted);
    if (!indices) continue;
    auto symbols = addresses_of(*indices, info, memory, anchor);
    if (symbols) return Kallsyms(*std::move(symbols));
  }
  return make_error(ErrorKind::kBadData, "kallsyms does not have _stext where VMCOREINFO has it");
}

std::optional<VirtAddr> Kallsyms::address(std::string_view name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace kdump::capture
