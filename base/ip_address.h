// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kdump {

/// An IPv4 or IPv6 address as a value, without port or scope.
class IpAddress {
 public:
  enum class Family { kV4, kV6 };

  /// "192.0.2.1", "2001:db8::1"; neither brackets nor a scope ("%eth0").
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  /// Bits of an address of this family.
  [[nodiscard]] unsigned bits() const { return family_ == Family::kV4 ? 32 : 128; }
  [[nodiscard]] std::string to_string() const;
  /// fe80::/10, which means something on one link only.
  [[nodiscard]] bool is_link_local() const;
  [[nodiscard]] bool is_loopback() const;
  /// Whether the first `length` bits are those of `network`.
  [[nodiscard]] bool is_within(const IpAddress& network, unsigned length) const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::kV4;
  std::array<std::uint8_t, 16> bytes_{};  ///< network order; an IPv4 address has the first four
};

}  // namespace kdump
