// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/mkdumprd/modules/module_info.h"

MODULE_INFO(info_license, "license=GPL");
MODULE_INFO(info_alias, "alias=pci:v00001AF4d*sv*sd*bc*sc*i*");
EXPORTS(export_register, "test_bus_register");
extern "C" void test_bus_register() {}
