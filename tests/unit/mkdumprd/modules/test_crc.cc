// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/mkdumprd/modules/module_info.h"

MODULE_INFO(info_license, "license=GPL");
MODULE_INFO(info_alias, "alias=crypto-crc32c");
// A circle: soft dependencies may form one.
MODULE_INFO(info_softdep, "softdep=pre: test-fs");
