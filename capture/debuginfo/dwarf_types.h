// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/types/type_source.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// A kernel's types by the DWARF of its vmlinux (versions 2 to 5, compressed sections too).
class DwarfTypes final : public TypeSource {
 public:
  /// Looks once through all compilation units for the types among `names`; every type that will be
  /// asked for must be there. kNotFound: the file has no debug information.
  static Result<DwarfTypes> read(const std::string& path,
                                 const std::vector<std::string_view>& names);

  DwarfTypes(DwarfTypes&&) noexcept;
  DwarfTypes& operator=(DwarfTypes&&) noexcept;
  ~DwarfTypes() override;

  [[nodiscard]] std::optional<std::uint64_t> size(std::string_view type) const override;
  [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view type,
                                                    std::string_view member) const override;
  [[nodiscard]] std::optional<std::uint64_t> length(std::string_view type,
                                                    std::string_view member) const override;
  [[nodiscard]] std::optional<std::uint64_t> enumerator(std::string_view type,
                                                        std::string_view name) const override;

 private:
  struct State;
  explicit DwarfTypes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kdump::capture
