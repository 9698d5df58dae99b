// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/debuginfo/vmlinux.h"

#include "base/elf_file.h"
#include "capture/debuginfo/dwarf_types.h"
#include "capture/kernel/types/layout_keys.h"

#include <elf.h>
#include <iterator>
#include <optional>

namespace kdump::capture {
namespace {

using Symbols = std::map<std::string, ElfSymbol, std::less<>>;

class ElfSymbols final : public SymbolSource {
 public:
  explicit ElfSymbols(const Symbols& symbols) : symbols_(symbols) {}
  [[nodiscard]] std::optional<VirtAddr> address(std::string_view name) const override {
    const auto found = symbols_.find(name);
    return found == symbols_.end() ? std::nullopt : std::optional(VirtAddr(found->second.value));
  }

 private:
  const Symbols& symbols_;
};

/// init/version.c: linux_banner begins with "Linux version RELEASE ".
std::optional<std::string> release_of(const ElfFile& file, const Symbols& symbols) {
  constexpr std::string_view kStart = "Linux version ";
  constexpr std::size_t kLongest = 256;
  const auto banner = symbols.find("linux_banner");
  if (banner == symbols.end()) return std::nullopt;
  const auto text = file.contents_at(banner->second.value, kLongest);
  if (!text || !text->starts_with(kStart)) return std::nullopt;
  const std::size_t end = text->find(' ', kStart.size());
  if (end == std::string::npos) return std::nullopt;
  return text->substr(kStart.size(), end - kStart.size());
}

std::optional<std::string> build_id_of(const ElfFile& file) {
  constexpr std::uint32_t kBuildId = 3;  // NT_GNU_BUILD_ID
  const auto notes = file.notes();
  if (!notes) return std::nullopt;
  for (const ElfNote& note : *notes) {
    if (note.name != "GNU" || note.type != kBuildId) continue;
    std::string text;
    for (const std::byte byte : note.desc) {
      fmt::format_to(std::back_inserter(text), "{:02x}", std::to_integer<unsigned>(byte));
    }
    return text;
  }
  return std::nullopt;
}

/// x86_64 has one page size; elsewhere the page of zeros has it.
std::optional<std::uint64_t> page_size_of(const ElfFile& file, const Symbols& symbols) {
  constexpr std::uint64_t kX86Page = 4096;
  if (file.machine() == EM_X86_64) return kX86Page;
  const auto zeros = symbols.find("empty_zero_page");
  if (zeros == symbols.end() || zeros->second.size == 0) return std::nullopt;
  return zeros->second.size;
}

}  // namespace

Result<std::string> vmcoreinfo_of(const std::string& path) {
  const ElfFile file = TRY(ElfFile::open(path));
  std::vector<std::string_view> names = layout_symbol_names();
  names.insert(names.end(), {"linux_banner", "empty_zero_page"});
  const Symbols symbols = TRY(file.symbols(names));
  const auto release = release_of(file, symbols);
  const auto build_id = build_id_of(file);
  if (!release && !build_id) {
    return make_error(ErrorKind::kBadData, "{}: it does not say which kernel it is", path);
  }
  const DwarfTypes types = TRY(DwarfTypes::read(path, layout_type_names()));
  if (!types.size("page")) {
    return make_error(ErrorKind::kBadData,
                      "{}: its debug information does not describe a kernel (no struct page)",
                      path);
  }
  std::string text;
  if (release) text += fmt::format("OSRELEASE={}\n", *release);
  if (build_id) text += fmt::format("BUILD-ID={}\n", *build_id);
  if (const auto size = page_size_of(file, symbols)) text += fmt::format("PAGESIZE={}\n", *size);
  const ElfSymbols source(symbols);
  return text + layout_keys(&types, &source);
}

}  // namespace kdump::capture
