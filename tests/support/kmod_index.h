// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kdump::test {

/// The binary indexes that libkmod looks things up in, made of depmod's texts. Unlike depmod this
/// takes every text: what cannot stand in an index (keys with bytes above 126, the lines behind the
/// first 4096) is left out.

/// modules.dep.bin of modules.dep: "kernel/a.ko: kernel/b.ko ..." under the module's name.
std::string kmod_dep_index(std::string_view modules_dep);
/// modules.alias.bin of modules.alias: "alias PATTERN MODULE".
std::string kmod_alias_index(std::string_view modules_alias);
/// modules.builtin.bin of modules.builtin: "kernel/a.ko".
std::string kmod_builtin_index(std::string_view modules_builtin);

}  // namespace kdump::test
