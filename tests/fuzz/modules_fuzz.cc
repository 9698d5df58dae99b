// SPDX-License-Identifier: GPL-2.0-or-later
// depmod's files of a kernel, one behind the other with "==" lines between: modules.dep,
// modules.alias, modules.softdep, modules.builtin, and last what is asked for. No module comes
// twice, and each has its file below the root.
#include "base/text.h"
#include "mkdumprd/module_closure.h"
#include "tests/support/kmod_index.h"
#include "tests/support/temp_tree.h"

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

namespace {

constexpr const char* kFolder = "/usr/lib/modules/6.9.0-test";
constexpr std::size_t kMaxWishes = 64;

/// Up to the next separator, which is taken away with it.
std::string_view take_part(std::string_view& text) {
  constexpr std::string_view kSeparator = "==\n";
  const auto end = text.find(kSeparator);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + kSeparator.size());
  return part;
}

std::vector<kdump::mkdumprd::ModuleWish> to_wishes(std::string_view text) {
  std::vector<kdump::mkdumprd::ModuleWish> out;
  for (const auto line : kdump::split(text, '\n')) {
    if (out.size() == kMaxWishes) break;
    const std::string wanted(line);
    out.push_back({.names = {wanted}, .aliases = {wanted}, .required = false, .reason = "asked"});
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump;
  static const test::TempTree tree;
  static const bool is_quiet = ::setenv("KMOD_LOG", "0", 1) == 0;
  if (!is_quiet) __builtin_trap();
  std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT
  const std::string folder = kFolder;
  tree.write(folder + "/modules.dep.bin", test::kmod_dep_index(take_part(text)));
  tree.write(folder + "/modules.alias.bin", test::kmod_alias_index(take_part(text)));
  tree.write(folder + "/modules.softdep", take_part(text));
  tree.write(folder + "/modules.builtin.bin", test::kmod_builtin_index(take_part(text)));
  mkdumprd::KernelFacts kernel;
  kernel.release = "6.9.0-test";
  kernel.modules_folder = folder;
  const auto closure = mkdumprd::close_modules(tree.root(), kernel, to_wishes(text));
  if (!closure) return 0;
  std::set<std::string> names(closure->built_in.begin(), closure->built_in.end());
  for (const auto& module : closure->modules) {
    if (!names.insert(module.name).second) __builtin_trap();
    if (!module.file.starts_with('/') || module.reason.empty()) __builtin_trap();
  }
  return 0;
}
