// SPDX-License-Identifier: GPL-2.0-or-later
extern "C" int test_deep() { return 1; }
