// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/rehearsal/orders.h"

#include <gtest/gtest.h>

namespace kdump::ctl::rehearsal {
namespace {

TEST(RehearsalOrders, ComeBackAsTheyWere) {
  const Orders orders = {.kernel_version = "6.1.0-56-amd64",
                         .command_line = R"(root="a b" x=\n irqpoll)",
                         .kexec_args = {"-s", "--noefi"}};
  const auto back = orders_from_json(to_json(orders));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, orders);
}

TEST(RehearsalOrders, OthersAreRefused) {
  for (const char* text :
       {"", "{}", "[]", R"({"kernel_version": 1, "command_line": "", "kexec_args": []})"}) {
    EXPECT_FALSE(orders_from_json(text)) << text;
  }
}

}  // namespace
}  // namespace kdump::ctl::rehearsal
