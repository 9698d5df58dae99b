// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/vmcoreinfo.h"

#include "base/text.h"

#include <bit>

namespace kdump::capture {
namespace {

constexpr unsigned kMinPageShift = 12;
constexpr unsigned kMaxPageShift = 18;

std::optional<std::uint64_t> any_number(std::string_view text) {
  if (text.starts_with('-')) {
    const auto value = parse_signed(text);
    if (!value) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
  }
  return parse_unsigned(text);
}

}  // namespace

Vmcoreinfo::Vmcoreinfo(std::string_view text) {
  for (const std::string_view line : split_lines(text)) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    values_.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
}

void Vmcoreinfo::add_missing(const Vmcoreinfo& other, std::uint64_t symbol_shift) {
  constexpr std::string_view kSymbol = "SYMBOL(";
  for (const auto& [key, value] : other.values_) {
    const auto address = key.starts_with(kSymbol) ? parse_hex(value) : std::nullopt;
    values_.emplace(key, address ? fmt::format("{:x}", *address + symbol_shift) : value);
  }
}

std::uint64_t Vmcoreinfo::kernel_offset() const {
  const auto value = text("KERNELOFFSET");
  return value ? parse_hex(*value).value_or(0) : 0;
}

std::optional<std::string_view> Vmcoreinfo::text(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Vmcoreinfo::wrapped(std::string_view kind,
                                                    std::string_view name) const {
  return text(fmt::format("{}({})", kind, name));
}

std::optional<VirtAddr> Vmcoreinfo::symbol(std::string_view name) const {
  const auto value = wrapped("SYMBOL", name);
  if (!value) return std::nullopt;
  const auto address = parse_hex(*value);
  if (!address) return std::nullopt;
  return VirtAddr(*address);
}

std::optional<std::uint64_t> Vmcoreinfo::size(std::string_view name) const {
  const auto value = wrapped("SIZE", name);
  return value ? parse_unsigned(*value) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::offset(std::string_view name) const {
  const auto value = wrapped("OFFSET", name);
  return value ? parse_unsigned(*value) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::length(std::string_view name) const {
  const auto value = wrapped("LENGTH", name);
  return value ? parse_unsigned(*value) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::number(std::string_view name) const {
  const auto value = wrapped("NUMBER", name);
  return value ? any_number(*value) : std::nullopt;
}

std::optional<std::uint64_t> Vmcoreinfo::decimal(std::string_view key) const {
  const auto value = text(key);
  return value ? parse_unsigned(*value) : std::nullopt;
}

std::optional<PageShift> Vmcoreinfo::page_shift() const {
  const auto size = decimal("PAGESIZE");
  if (!size || !std::has_single_bit(*size)) return std::nullopt;
  const auto bits = static_cast<unsigned>(std::countr_zero(*size));
  if (bits < kMinPageShift || bits > kMaxPageShift) return std::nullopt;
  return PageShift{bits};
}

}  // namespace kdump::capture
