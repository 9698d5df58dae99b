// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/mkdumprd/modules/module_info.h"

MODULE_INFO(info_license, "license=GPL");
