// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/debuginfo/dwarf_types.h"

#include "base/fd.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <map>
#include <set>
#include <utility>

namespace kdump::capture {
namespace {

// Anonymous structs and unions in each other, as in include/linux/mm_types.h: three or four.
constexpr unsigned kMaxDepth = 16;

struct FoundMember {
  std::uint64_t offset = 0;
  Dwarf_Die die{};
};

std::optional<std::uint64_t> number(Dwarf_Die& die, unsigned attribute) {
  Dwarf_Attribute attr{};
  Dwarf_Word value = 0;
  if (dwarf_attr_integrate(&die, attribute, &attr) == nullptr) return std::nullopt;
  if (dwarf_formudata(&attr, &value) != 0) return std::nullopt;
  return value;
}

/// A type without typedef, const and volatile around it.
std::optional<Dwarf_Die> type_of(Dwarf_Die& die) {
  Dwarf_Attribute attr{};
  Dwarf_Die type{}, bare{};
  if (dwarf_attr_integrate(&die, DW_AT_type, &attr) == nullptr) return std::nullopt;
  if (dwarf_formref_die(&attr, &type) == nullptr) return std::nullopt;
  if (dwarf_peel_type(&type, &bare) != 0) return std::nullopt;
  return bare;
}

bool is_aggregate(Dwarf_Die& die) {
  const int tag = dwarf_tag(&die);
  return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

std::optional<FoundMember> find_member(Dwarf_Die aggregate, std::string_view name, unsigned depth) {
  Dwarf_Die member{};
  if (depth == 0 || dwarf_child(&aggregate, &member) != 0) return std::nullopt;
  do {
    if (dwarf_tag(&member) != DW_TAG_member) continue;
    // In a union it is left out.
    const std::uint64_t offset = number(member, DW_AT_data_member_location).value_or(0);
    const char* const own = dwarf_diename(&member);
    if (own != nullptr) {
      if (name != own) continue;
      if (dwarf_hasattr(&member, DW_AT_bit_size) != 0) return std::nullopt;
      return FoundMember{offset, member};
    }
    auto inner = type_of(member);
    if (!inner || !is_aggregate(*inner)) continue;
    if (auto found = find_member(*inner, name, depth - 1)) {
      found->offset += offset;
      return found;
    }
  } while (dwarf_siblingof(&member, &member) == 0);
  return std::nullopt;
}

/// A struct before a typedef of the same name, and what is defined before what is only declared.
int rank_of(Dwarf_Die& die) {
  if (dwarf_hasattr(&die, DW_AT_declaration) != 0) return 0;
  switch (dwarf_tag(&die)) {
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
      return 2;
    case DW_TAG_typedef:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

struct DwarfTypes::State {
  struct Close {
    void operator()(Dwarf* open) const { dwarf_end(open); }
  };
  Fd fd;
  std::unique_ptr<Dwarf, Close> dwarf;
  std::map<std::string, Dwarf_Die, std::less<>> types;

  [[nodiscard]] std::optional<Dwarf_Die> find(std::string_view name) const {
    const auto found = types.find(name);
    if (found == types.end()) return std::nullopt;
    Dwarf_Die die = found->second, bare{};
    return dwarf_peel_type(&die, &bare) == 0 ? std::optional(bare) : std::nullopt;
  }

  [[nodiscard]] std::optional<FoundMember> member(std::string_view type,
                                                  std::string_view name) const {
    auto die = find(type);
    if (!die || !is_aggregate(*die)) return std::nullopt;
    return find_member(*die, name, kMaxDepth);
  }

  void add_unit(Dwarf_Die& unit, const std::set<std::string_view>& wanted) {
    Dwarf_Die die{};
    if (dwarf_child(&unit, &die) != 0) return;
    do {
      const int rank = rank_of(die);
      const char* const name = rank > 0 ? dwarf_diename(&die) : nullptr;
      if (name == nullptr || !wanted.contains(name)) continue;
      const auto known = types.find(std::string_view(name));
      if (known == types.end()) {
        types.emplace(name, die);
      } else if (rank > rank_of(known->second)) {
        known->second = die;
      }
    } while (dwarf_siblingof(&die, &die) == 0);
  }
};

DwarfTypes::DwarfTypes(std::unique_ptr<State> state) : state_(std::move(state)) {}
DwarfTypes::DwarfTypes(DwarfTypes&&) noexcept = default;
DwarfTypes& DwarfTypes::operator=(DwarfTypes&&) noexcept = default;
DwarfTypes::~DwarfTypes() = default;

Result<DwarfTypes> DwarfTypes::read(const std::string& path,
                                    const std::vector<std::string_view>& names) {
  auto state = std::make_unique<State>();
  state->fd = TRY(Fd::open(path, O_RDONLY));
  state->dwarf.reset(dwarf_begin(state->fd.raw(), DWARF_C_READ));
  if (!state->dwarf) {
    return make_error(ErrorKind::kNotFound,
                      "{}: no debug information ({}); give the vmlinux of the kernel's debug "
                      "package",
                      path,
                      dwarf_errmsg(-1));
  }
  const std::set<std::string_view> wanted(names.begin(), names.end());
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die{};
  std::uint8_t kind = 0;
  while (dwarf_get_units(state->dwarf.get(), unit, &unit, nullptr, &kind, &die, nullptr) == 0) {
    state->add_unit(die, wanted);
  }
  return DwarfTypes(std::move(state));
}

std::optional<std::uint64_t> DwarfTypes::size(std::string_view type) const {
  auto die = state_->find(type);
  Dwarf_Word bytes = 0;
  if (!die || dwarf_aggregate_size(&*die, &bytes) != 0) return std::nullopt;
  return bytes;
}

std::optional<std::uint64_t> DwarfTypes::offset(std::string_view type,
                                                std::string_view member) const {
  const auto found = state_->member(type, member);
  return found ? std::optional(found->offset) : std::nullopt;
}

std::optional<std::uint64_t> DwarfTypes::length(std::string_view type,
                                                std::string_view member) const {
  auto found = state_->member(type, member);
  auto array = found ? type_of(found->die) : std::nullopt;
  Dwarf_Die dimension{};
  if (!array || dwarf_tag(&*array) != DW_TAG_array_type || dwarf_child(&*array, &dimension) != 0) {
    return std::nullopt;
  }
  do {
    if (dwarf_tag(&dimension) != DW_TAG_subrange_type) continue;
    if (const auto count = number(dimension, DW_AT_count)) return count;
    if (const auto last = number(dimension, DW_AT_upper_bound)) return *last + 1;
    return std::nullopt;
  } while (dwarf_siblingof(&dimension, &dimension) == 0);
  return std::nullopt;
}

std::optional<std::uint64_t> DwarfTypes::enumerator(std::string_view type,
                                                    std::string_view name) const {
  auto die = state_->find(type);
  Dwarf_Die row{};
  if (!die || dwarf_tag(&*die) != DW_TAG_enumeration_type || dwarf_child(&*die, &row) != 0) {
    return std::nullopt;
  }
  do {
    const char* const own = dwarf_diename(&row);
    if (dwarf_tag(&row) != DW_TAG_enumerator || own == nullptr || name != own) continue;
    Dwarf_Attribute attr{};
    Dwarf_Sword value = 0;
    if (dwarf_attr(&row, DW_AT_const_value, &attr) == nullptr ||
        dwarf_formsdata(&attr, &value) != 0) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(value);
  } while (dwarf_siblingof(&row, &row) == 0);
  return std::nullopt;
}

}  // namespace kdump::capture
