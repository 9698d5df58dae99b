// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/types/type_source.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kdump::capture {

/// Some of the kernel's own symbol table (kernel/kallsyms.c), which VMCOREINFO leads to since 6.0
/// (5fd8fea935a1, f09bddbd8661). Without CONFIG_KALLSYMS_ALL it has functions only.
class Kallsyms final : public SymbolSource {
 public:
  /// Reads the table once and keeps the symbols in `names`. Both forms of name lengths and all four
  /// of addresses are tried; the one that gives _stext the address that VMCOREINFO gives is right.
  /// kNotFound: VMCOREINFO does not lead to a table; kBadData: it contradicts VMCOREINFO.
  static Result<Kallsyms> read(const Vmcoreinfo& info,
                               const KernelMemory& memory,
                               const std::vector<std::string_view>& names);

  [[nodiscard]] std::optional<VirtAddr> address(std::string_view name) const override;

 private:
  explicit Kallsyms(std::map<std::string, VirtAddr, std::less<>> symbols)
      : symbols_(std::move(symbols)) {}
  std::map<std::string, VirtAddr, std::less<>> symbols_;
};

}  // namespace kdump::capture
