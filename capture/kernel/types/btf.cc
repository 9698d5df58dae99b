// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/types/btf.h"

#include "capture/kernel/types/kernel_stream.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <set>

namespace kdump::capture {
namespace {

// include/uapi/linux/btf.h
struct Header {
  std::uint16_t magic;
  std::uint8_t version, flags;
  std::uint32_t header_size;
  std::uint32_t types_offset, types_size;
  std::uint32_t strings_offset, strings_size;
};
constexpr std::uint16_t kMagic = 0xeb9f;
constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kMaxHeader = 4096;

enum Kind : unsigned {
  kInt = 1,
  kPointer = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kForward = 7,
  kTypedef = 8,
  kVolatile = 9,
  kConst = 10,
  kRestrict = 11,
  kFunction = 12,
  kFunctionProto = 13,
  kVariable = 14,
  kDataSection = 15,
  kFloat = 16,
  kDeclTag = 17,
  kTypeTag = 18,
  kEnum64 = 19,
};

// A distribution kernel has 5 MiB of BTF with 130,000 types.
constexpr std::uint32_t kMaxSection = std::uint32_t{64} << 20U;
constexpr std::uint32_t kMaxTypes = std::uint32_t{4} << 20U;
// Anonymous structs in each other, chains of typedefs.
constexpr unsigned kMaxDepth = 8;
constexpr unsigned kMaxChain = 32;
constexpr std::uint32_t kMaxMembers = 4096;
constexpr std::uint32_t kMemberSize = 12;
constexpr std::uint32_t kTypeSize = 12;
constexpr std::size_t kMaxName = 512;
constexpr std::size_t kPiece = 16384;

/// Length and first character: few strings have both in common with one that is looked for.
constexpr std::size_t kShapes = std::size_t{1} << 16U;
std::size_t shape(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.empty() ? '\0' : text.front());
  return (text.size() << 8U | first) % kShapes;
}

/// Bytes behind the common part of a type; nothing for a kind that is not known.
std::optional<std::uint64_t> tail_size(unsigned kind, std::uint64_t count) {
  switch (kind) {
    case kInt:
    case kVariable:
    case kDeclTag:
      return 4;
    case kArray:
      return 12;
    case kStruct:
    case kUnion:
    case kDataSection:
    case kEnum64:
      return 12 * count;
    case kEnum:
    case kFunctionProto:
      return 8 * count;
    case kPointer:
    case kForward:
    case kTypedef:
    case kVolatile:
    case kConst:
    case kRestrict:
    case kFunction:
    case kFloat:
    case kTypeTag:
      return 0;
    default:
      return std::nullopt;
  }
}

bool plausible(const Header& header) {
  return header.magic == kMagic && header.version == kVersion &&
         header.header_size >= sizeof(Header) && header.header_size <= kMaxHeader &&
         header.types_size >= kTypeSize && header.types_size <= kMaxSection &&
         header.types_offset <= kMaxSection && header.strings_size > 1 &&
         header.strings_size <= kMaxSection && header.strings_offset <= kMaxSection &&
         header.types_offset % 4 == 0;
}

Result<Header> read_header(const KernelMemory& memory, VirtAddr start) {
  const Header header = TRY(memory.read<Header>(start));
  if (!plausible(header)) return make_error(ErrorKind::kBadData, "no BTF at {}", start);
  return header;
}

}  // namespace

Result<std::uint64_t> Btf::size_at(const KernelMemory& memory, VirtAddr start) {
  const Header header = TRY(read_header(memory, start));
  return header.header_size + std::max(std::uint64_t{header.types_offset} + header.types_size,
                                       std::uint64_t{header.strings_offset} + header.strings_size);
}

Result<Btf> Btf::read(const KernelMemory& memory,
                      VirtAddr start,
                      const std::vector<std::string_view>& names) {
  const Header header = TRY(read_header(memory, start));
  const VirtAddr data = start + header.header_size;
  Btf btf(memory, data + header.types_offset);
  TRY(btf.index_names(data + header.strings_offset, header.strings_size, names));
  TRY(btf.index_types(header.types_size));
  return btf;
}

Status Btf::index_names(VirtAddr start,
                        std::uint64_t size,
                        const std::vector<std::string_view>& names) {
  const std::set<std::string_view> wanted(names.begin(), names.end());
  std::bitset<kShapes> shapes;
  for (const std::string_view name : names) shapes.set(shape(name));
  const auto take = [&](std::uint64_t at, std::string_view text) {
    if (!shapes.test(shape(text))) return;
    if (wanted.count(text) != 0) names_.emplace(static_cast<std::uint32_t>(at), text);
  };
  KernelStream stream(*memory_, start, size);
  std::string text;  // of a string whose end is in a later piece
  std::uint64_t text_start = 0;
  while (stream.left() > 0) {
    const std::uint64_t piece_start = stream.position();
    const auto piece =
        TRY(stream.take(static_cast<std::size_t>(std::min<std::uint64_t>(stream.left(), kPiece))));
    const std::string_view chars(reinterpret_cast<const char*>(piece.data()), piece.size());
    std::size_t at = 0;
    for (std::size_t end = chars.find('\0'); end != std::string_view::npos;
         end = chars.find('\0', at)) {
      if (text.empty()) {
        take(piece_start + at, chars.substr(at, end - at));
      } else {
        text += chars.substr(at, end - at);
        take(text_start, text);
        text.clear();
      }
      at = end + 1;
    }
    if (text.empty()) text_start = piece_start + at;
    // A string without end is no name; it may not fill the memory.
    if (text.size() < kMaxName) text += chars.substr(at);
  }
  if (!text.empty()) return make_error(ErrorKind::kBadData, "the strings of BTF end too early");
  return {};
}

Status Btf::index_types(std::uint64_t size) {
  KernelStream stream(*memory_, types_, size);
  while (stream.left() > 0 && starts_.size() < kMaxTypes) {
    const auto start = static_cast<std::uint32_t>(stream.position());
    const Type type = TRY(stream.take_value<Type>());
    const auto tail = tail_size(type.kind(), type.count());
    // A kind from the future: what comes before it is good all the same.
    if (!tail) break;
    TRY(stream.skip(*tail));
    starts_.push_back(start);
    const unsigned kind = type.kind();
    if (kind != kStruct && kind != kUnion && kind != kEnum && kind != kEnum64 && kind != kTypedef) {
      continue;
    }
    const auto name = names_.find(type.name);
    if (name != names_.end()) {
      ids_.emplace(name->second, static_cast<std::uint32_t>(starts_.size()));
    }
  }
  return {};
}

Result<Btf::Type> Btf::type(std::uint32_t id) const {
  if (id == 0 || id > starts_.size()) {
    return make_error(ErrorKind::kBadData, "BTF has no type {}", id);
  }
  return memory_->read<Type>(types_ + starts_[id - 1]);
}

/// The type behind typedefs and qualifiers.
std::optional<std::uint32_t> Btf::resolved(std::uint32_t id) const {
  for (unsigned i = 0; i < kMaxChain; ++i) {
    const auto found = type(id);
    if (!found) return std::nullopt;
    switch (found->kind()) {
      case kTypedef:
      case kVolatile:
      case kConst:
      case kRestrict:
      case kTypeTag:
        id = found->size_or_type;
        break;
      default:
        return id;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Btf::find(std::string_view name) const {
  const auto [first, last] = ids_.equal_range(name);
  std::optional<std::uint32_t> through_typedef;
  for (auto i = first; i != last; ++i) {
    const auto id = resolved(i->second);
    if (!id) continue;
    if (*id == i->second) return id;
    if (!through_typedef) through_typedef = id;
  }
  return through_typedef;
}

bool Btf::is_named(std::uint32_t offset, std::string_view name) const {
  const auto found = names_.find(offset);
  return found != names_.end() && found->second == name;
}

std::optional<Btf::FoundMember> Btf::member(std::uint32_t id,
                                            std::string_view name,
                                            unsigned depth) const {
  const auto whole = type(id);
  if (!whole || (whole->kind() != kStruct && whole->kind() != kUnion)) return std::nullopt;
  const std::uint32_t count = std::min(whole->count(), kMaxMembers);
  KernelStream stream(
      *memory_, types_ + starts_[id - 1] + kTypeSize, std::uint64_t{count} * kMemberSize);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto words = stream.take_value<std::array<std::uint32_t, 3>>();
    if (!words) return std::nullopt;
    const auto [member_name, member_type, place] = *words;
    // With the flag the offset shares its word with the size of a bit-field.
    const std::uint32_t bits = whole->flag() ? place & 0xffffffU : place;
    const bool bit_field = (whole->flag() && place >> 24U != 0) || bits % 8 != 0;
    if (is_named(member_name, name)) {
      if (bit_field) return std::nullopt;
      return FoundMember{bits / 8, member_type};
    }
    if (member_name != 0 || bit_field || depth == kMaxDepth) continue;
    auto inner = member(member_type, name, depth + 1);
    if (inner) {
      inner->offset += bits / 8;
      return inner;
    }
  }
  return std::nullopt;
}

std::optional<Btf::FoundMember> Btf::member(std::string_view type, std::string_view name) const {
  const auto id = find(type);
  return id ? member(*id, name, 0) : std::nullopt;
}

std::optional<std::uint64_t> Btf::size(std::string_view type) const {
  const auto id = find(type);
  if (!id) return std::nullopt;
  const auto found = this->type(*id);
  if (!found || (found->kind() != kStruct && found->kind() != kUnion)) return std::nullopt;
  return found->size_or_type;
}

std::optional<std::uint64_t> Btf::offset(std::string_view type, std::string_view name) const {
  const auto found = member(type, name);
  return found ? std::optional(found->offset) : std::nullopt;
}

std::optional<std::uint64_t> Btf::length(std::string_view type, std::string_view name) const {
  const auto found = member(type, name);
  const auto id = found ? resolved(found->type) : std::nullopt;
  const auto array = id ? this->type(*id) : Result<Type>(Type());
  if (!id || !array || array->kind() != kArray) return std::nullopt;
  // struct btf_array: element type, index type, number of elements.
  const auto words =
      memory_->read<std::array<std::uint32_t, 3>>(types_ + starts_[*id - 1] + kTypeSize);
  if (!words) return std::nullopt;
  return (*words)[2];
}

std::optional<std::uint64_t> Btf::enumerator(std::string_view type, std::string_view name) const {
  const auto id = find(type);
  const auto whole = id ? this->type(*id) : Result<Type>(Type());
  if (!id || !whole || (whole->kind() != kEnum && whole->kind() != kEnum64)) return std::nullopt;
  const bool wide = whole->kind() == kEnum64;
  const std::uint32_t count = std::min(whole->count(), kMaxMembers);
  KernelStream stream(
      *memory_, types_ + starts_[*id - 1] + kTypeSize, std::uint64_t{count} * (wide ? 12 : 8));
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto words = stream.take_value<std::array<std::uint32_t, 2>>();
    const auto high = wide ? stream.take_value<std::uint32_t>() : Result<std::uint32_t>(0U);
    if (!words || !high) return std::nullopt;
    const auto [enumerator_name, low] = *words;
    if (!is_named(enumerator_name, name)) continue;
    if (wide) return std::uint64_t{*high} << 32U | low;
    return static_cast<std::uint64_t>(static_cast<std::int32_t>(low));
  }
  return std::nullopt;
}

Result<VirtAddr> find_btf(const KernelMemory& memory, VirtAddr start, std::uint64_t bytes) {
  // BTF begins at a multiple of 4; a header is tried wherever its first word stands.
  constexpr std::uint32_t kFirstWord = kMagic | std::uint32_t{kVersion} << 16U;
  constexpr std::size_t kStep = 4096;
  std::array<std::uint32_t, kStep / 4> words{};
  for (VirtAddr at(align_down(start.value(), kStep)); at < start + bytes; at += kStep) {
    if (!memory.read(at, std::as_writable_bytes(std::span(words)))) continue;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] != kFirstWord) continue;
      const VirtAddr candidate = at + i * 4;
      const auto size = Btf::size_at(memory, candidate);
      if (!size) continue;
      // Types follow the header, and the strings begin and end with a zero byte.
      const auto header = memory.read<Header>(candidate);
      if (!header) continue;
      const VirtAddr strings = candidate + header->header_size + header->strings_offset;
      const auto first = memory.read<std::uint8_t>(strings);
      const auto last = memory.read<std::uint8_t>(strings + (header->strings_size - 1));
      if (first && last && *first == 0 && *last == 0) return candidate;
    }
  }
  return make_error(ErrorKind::kNotFound, "the kernel image has no BTF");
}

}  // namespace kdump::capture
