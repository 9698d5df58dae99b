// SPDX-License-Identifier: GPL-2.0-or-later
extern "C" int test_c();
extern "C" int test_middle();
extern "C" int test_start() { return test_c() + test_middle(); }
