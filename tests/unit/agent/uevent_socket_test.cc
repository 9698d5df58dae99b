// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/uevent_socket.h"

#include <gtest/gtest.h>

namespace kdump::agent {
namespace {

using std::string_view_literals::operator""sv;

TEST(Uevent, OnlyBlockDevicesCount) {
  EXPECT_TRUE(
      is_block_uevent("add@/devices/pci/block/vda\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=vda\0"sv));
  EXPECT_TRUE(is_block_uevent("change@/x\0SUBSYSTEM=block"sv));
  EXPECT_FALSE(is_block_uevent("add@/module/xfs\0ACTION=add\0SUBSYSTEM=module\0"sv));
  EXPECT_FALSE(is_block_uevent("add@/x\0SUBSYSTEM=blockish\0"sv));
  EXPECT_FALSE(is_block_uevent(""sv));
}

}  // namespace
}  // namespace kdump::agent
