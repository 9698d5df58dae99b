// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ip_address.h"

#include <arpa/inet.h>

namespace kdump {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  address.family_ = text.find(':') == std::string_view::npos ? Family::kV4 : Family::kV6;
  const int family = address.family_ == Family::kV4 ? AF_INET : AF_INET6;
  if (::inet_pton(family, terminated.c_str(), address.bytes_.data()) != 1) return std::nullopt;
  return address;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = family_ == Family::kV4 ? AF_INET : AF_INET6;
  // It cannot fail: the family is known and the buffer long enough.
  const char* written = ::inet_ntop(family, bytes_.data(), text.data(), text.size());
  return written == nullptr ? std::string() : std::string(written);
}

bool IpAddress::is_link_local() const {
  return family_ == Family::kV6 && bytes_[0] == 0xfe && (bytes_[1] & 0xc0U) == 0x80;
}

bool IpAddress::is_loopback() const {
  if (family_ == Family::kV4) return bytes_[0] == 127;
  std::array<std::uint8_t, 16> one{};
  one.back() = 1;
  return bytes_ == one;
}

bool IpAddress::is_within(const IpAddress& network, unsigned length) const {
  if (family_ != network.family_ || length > bits()) return false;
  for (unsigned bit = 0; bit < length; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if ((bytes_[bit / 8] & mask) != (network.bytes_[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace kdump
