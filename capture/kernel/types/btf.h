// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/types/type_source.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// The kernel's own description of its types (Documentation/bpf/btf.rst), read out of its memory:
/// CONFIG_DEBUG_INFO_BTF, 5.2 and later. Four bytes are kept for each type (half a MiB), the rest
/// is looked up in the kernel's memory, which must outlive this.
class Btf final : public TypeSource {
 public:
  /// Bytes that the header at an address announces, header included. kBadData: there is no BTF.
  static Result<std::uint64_t> size_at(const KernelMemory& memory, VirtAddr start);

  /// `names`: every name that will be asked for. kBadData: the bytes contradict the format.
  static Result<Btf> read(const KernelMemory& memory,
                          VirtAddr start,
                          const std::vector<std::string_view>& names);

  [[nodiscard]] std::optional<std::uint64_t> size(std::string_view type) const override;
  [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view type,
                                                    std::string_view member) const override;
  [[nodiscard]] std::optional<std::uint64_t> length(std::string_view type,
                                                    std::string_view member) const override;
  [[nodiscard]] std::optional<std::uint64_t> enumerator(std::string_view type,
                                                        std::string_view name) const override;

 private:
  struct Type {
    std::uint32_t name = 0, info = 0, size_or_type = 0;
    [[nodiscard]] unsigned kind() const { return info >> 24U & 0x7fU; }
    [[nodiscard]] std::uint32_t count() const { return info & 0xffffffU; }
    [[nodiscard]] bool flag() const { return (info >> 31U) != 0; }
  };
  struct FoundMember {
    std::uint64_t offset = 0;
    std::uint32_t type = 0;
  };

  Btf(const KernelMemory& memory, VirtAddr types) : memory_(&memory), types_(types) {}
  Status index_names(VirtAddr start,
                     std::uint64_t size,
                     const std::vector<std::string_view>& names);
  Status index_types(std::uint64_t size);
  [[nodiscard]] Result<Type> type(std::uint32_t id) const;
  [[nodiscard]] std::optional<std::uint32_t> resolved(std::uint32_t id) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;
  [[nodiscard]] std::optional<FoundMember> member(std::uint32_t id,
                                                  std::string_view name,
                                                  unsigned depth) const;
  [[nodiscard]] std::optional<FoundMember> member(std::string_view type,
                                                  std::string_view name) const;
  [[nodiscard]] bool is_named(std::uint32_t offset, std::string_view name) const;

  const KernelMemory* memory_;
  VirtAddr types_;
  std::vector<std::uint32_t> starts_;           ///< by type id - 1: offset from types_
  std::map<std::uint32_t, std::string> names_;  ///< wanted ones, by offset in the strings
  std::multimap<std::string, std::uint32_t, std::less<>> ids_;  ///< types with a wanted name
};

/// Looks for BTF in the pages of `bytes` of the kernel image from `start` on, when no symbol tells
/// where it is. kNotFound: there is none.
Result<VirtAddr> find_btf(const KernelMemory& memory, VirtAddr start, std::uint64_t bytes);

}  // namespace kdump::capture
