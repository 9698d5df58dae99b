// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace kdump {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(ip("192.0.2.17").to_string(), "192.0.2.17");
  EXPECT_EQ(ip("192.0.2.17").family(), IpAddress::Family::kV4);
  EXPECT_EQ(ip("2001:DB8:0::1").to_string(), "2001:db8::1");
  EXPECT_EQ(ip("2001:db8::1").family(), IpAddress::Family::kV6);
  EXPECT_EQ(ip("::ffff:192.0.2.1").to_string(), "::ffff:192.0.2.1");
}

TEST(IpAddress, WhatIsNoneIsNothing) {
  for (const std::string_view text : {"",
                                      "server",
                                      "192.0.2",
                                      "192.0.2.256",
                                      "192.0.2.1 ",
                                      "[::1]",
                                      "fe80::1%eth0",
                                      "::1::",
                                      "192.0.2.1/24"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, KnowsItsSpecialOnes) {
  EXPECT_TRUE(ip("fe80::1").is_link_local());
  EXPECT_TRUE(ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_FALSE(ip("169.254.0.1").is_link_local());
  EXPECT_TRUE(ip("127.0.0.53").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
}

TEST(IpAddress, ComparesPrefixes) {
  EXPECT_TRUE(ip("10.1.2.3").is_within(ip("10.1.0.0"), 16));
  EXPECT_FALSE(ip("10.1.2.3").is_within(ip("10.1.0.0"), 24));
  EXPECT_TRUE(ip("10.1.2.3").is_within(ip("0.0.0.0"), 0));
  EXPECT_TRUE(ip("10.1.2.3").is_within(ip("10.1.2.2"), 31));
  EXPECT_FALSE(ip("10.1.2.3").is_within(ip("10.1.2.2"), 32));
  EXPECT_TRUE(ip("2001:db8:1::9").is_within(ip("2001:db8::"), 47));
  EXPECT_FALSE(ip("10.1.2.3").is_within(ip("::"), 0));
  EXPECT_FALSE(ip("10.1.2.3").is_within(ip("10.1.2.3"), 33));
}

}  // namespace
}  // namespace kdump
