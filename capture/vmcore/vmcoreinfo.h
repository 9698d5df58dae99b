// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kdump::capture {

/// What a kernel says about itself for dump tools (Documentation/admin-guide/kdump/vmcoreinfo.rst):
/// lines of KEY=VALUE. All keys are kept, known or not. A value that does not parse as its kind is
/// as good as absent.
class Vmcoreinfo {
 public:
  Vmcoreinfo() = default;

  /// Takes any text; lines without '=' are left out, of a repeated key the first counts.
  explicit Vmcoreinfo(std::string_view text);

  [[nodiscard]] bool empty() const { return values_.empty(); }

  /// Takes over the keys of `other` that are missing here. Its symbols are moved by `symbol_shift`:
  /// what a vmlinux says about addresses is off by the KERNELOFFSET of the kernel that ran.
  void add_missing(const Vmcoreinfo& other, std::uint64_t symbol_shift = 0);

  /// The value of a whole key, e.g. "OSRELEASE" or "NUMBER(phys_base)".
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const;

  /// SYMBOL(name): hexadecimal without 0x.
  [[nodiscard]] std::optional<VirtAddr> symbol(std::string_view name) const;
  /// SIZE(name), OFFSET(name), LENGTH(name): decimal; a negative one is absent.
  [[nodiscard]] std::optional<std::uint64_t> size(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> length(std::string_view name) const;
  /// NUMBER(name): decimal, negative ones as two's complement, or hexadecimal with 0x.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  /// KERNELOFFSET, hexadecimal: how far the kernel was moved at boot; 0 when it does not say.
  [[nodiscard]] std::uint64_t kernel_offset() const;
  /// A bare decimal key: PAGESIZE, CRASHTIME.
  [[nodiscard]] std::optional<std::uint64_t> decimal(std::string_view key) const;

  /// log2 of PAGESIZE, when it is a power of two from 4 KiB to 256 KiB (what the readers of dumps
  /// accept).
  [[nodiscard]] std::optional<PageShift> page_shift() const;

 private:
  [[nodiscard]] std::optional<std::string_view> wrapped(std::string_view kind,
                                                        std::string_view name) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace kdump::capture
