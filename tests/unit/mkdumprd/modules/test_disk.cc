// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/mkdumprd/modules/module_info.h"

MODULE_INFO(info_license, "license=GPL");
MODULE_INFO(info_alias, "alias=virtio:d00000002v*");
MODULE_INFO(info_firmware, "firmware=test/disk.bin");
MODULE_INFO(info_other_firmware, "firmware=test/absent.bin");
MODULE_INFO(info_depends, "depends=test-bus");
MODULE_INFO(info_softdep, "softdep=post: test-led absent-module");
extern "C" void test_bus_register();
extern "C" void test_disk_init() { test_bus_register(); }
