// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/types/complete.h"

#include "capture/kernel/page_layout.h"
#include "capture/kernel/types/btf.h"
#include "capture/kernel/types/kallsyms.h"
#include "capture/kernel/types/layout_keys.h"

#include <optional>

namespace kdump::capture {
namespace {

constexpr std::string_view kBtfStart = "__start_BTF";
// Kernel images have 30 to 80 MiB; x86_64 leaves at most 1 GiB for one.
constexpr std::uint64_t kSearched = std::uint64_t{128} << 20U;

std::optional<VirtAddr> btf_address(const Vmcoreinfo& info,
                                    const KernelMemory& memory,
                                    const SymbolSource* symbols) {
  if (symbols != nullptr) {
    if (const auto start = symbols->address(kBtfStart)) return start;
  }
  if (resolve_page_layout(info)) return std::nullopt;
  const auto stext = info.symbol("_stext");
  if (!stext) return std::nullopt;
  const auto found = find_btf(memory, *stext, kSearched);
  return found ? std::optional(*found) : std::nullopt;
}

}  // namespace

CompletedInfo complete_vmcoreinfo(const Vmcoreinfo& info, const KernelMemory& memory) {
  CompletedInfo completed;
  completed.info = info;
  std::vector<std::string_view> names = layout_symbol_names();
  names.push_back(kBtfStart);
  std::optional<Kallsyms> symbols;
  auto table = Kallsyms::read(info, memory, names);
  if (table) {
    symbols = *std::move(table);
    completed.symbols_found = true;
    completed.info.add_missing(Vmcoreinfo(layout_keys(nullptr, &*symbols)));
  } else if (table.error().kind != ErrorKind::kNotFound) {
    completed.trouble = table.error().message;
  }
  const auto start = btf_address(completed.info, memory, symbols ? &*symbols : nullptr);
  if (!start) return completed;
  const auto types = Btf::read(memory, *start, layout_type_names());
  if (types) {
    completed.types_found = true;
    completed.info.add_missing(Vmcoreinfo(layout_keys(&*types, nullptr)));
  } else {
    completed.trouble = types.error().message;
  }
  return completed;
}

}  // namespace kdump::capture
