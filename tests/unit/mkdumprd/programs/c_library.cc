// SPDX-License-Identifier: GPL-2.0-or-later
// Stands for the C library; where this is, the loader looks by itself.
extern "C" int test_c() { return 0; }
