// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// What depmod(8) reads of a kernel module: the .modinfo section, exported names in
/// __ksymtab_strings, and undefined symbols. Objects made with these are never loaded.
#define MODULE_INFO(variable, text) \
  extern "C" __attribute__((section(".modinfo"), used, aligned(1))) const char variable[] = text
#define EXPORTS(variable, name)                                              \
  extern "C" __attribute__((section("__ksymtab_strings"), used, aligned(1))) \
  const char variable[] = name
