// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/library_search.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"

#include <array>
#include <elf.h>
#include <glob.h>

namespace kdump::mkdumprd {
namespace {

constexpr int kMaxIncludeDepth = 8;

/// Paths inside the root that match; sorted, as ldconfig takes them.
std::vector<std::string> expand_pattern(const SysRoot& root, const std::string& pattern) {
  glob_t matches{};
  std::vector<std::string> out;
  if (::glob(root.path(pattern).c_str(), 0, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
      out.push_back(std::string(matches.gl_pathv[i]).substr(root.prefix().size()));
    }
  }
  ::globfree(&matches);
  return out;
}

Status read_loader_file(const SysRoot& root,
                        const std::string& path,
                        int depth,
                        std::vector<std::string>& folders) {
  if (depth > kMaxIncludeDepth) {
    return make_error(ErrorKind::kBadData, "{}: includes nested too deeply", root.path(path));
  }
  const std::string text = TRY(root.read(path));
  for (const std::string_view line : split_lines(text)) {
    const auto words = split_words(line.substr(0, line.find('#')));
    if (words.empty() || words[0] == "hwcap") continue;
    if (words[0] != "include") {
      // "FOLDER=TYPE" is the old spelling of a folder for one libc.
      folders.emplace_back(words[0].substr(0, words[0].find('=')));
      continue;
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::string pattern =
          words[i].starts_with('/') ? std::string(words[i]) : join(parent_of(path), words[i]);
      for (const std::string& file : expand_pattern(root, pattern)) {
        TRY(read_loader_file(root, file, depth + 1, folders));
      }
    }
  }
  return {};
}

/// Debian's multiarch names (https://wiki.debian.org/Multiarch/Tuples).
struct Tuple {
  std::uint16_t machine;
  std::string_view name;
};
constexpr std::array<Tuple, 5> kTuples = {{
    {EM_X86_64, "x86_64-linux-gnu"},
    {EM_AARCH64, "aarch64-linux-gnu"},
    {EM_PPC64, "powerpc64le-linux-gnu"},
    {EM_S390, "s390x-linux-gnu"},
    {EM_RISCV, "riscv64-linux-gnu"},
}};

}  // namespace

Result<std::vector<std::string>> read_loader_folders(const SysRoot& root) {
  std::vector<std::string> folders;
  if (!root.exists("/etc/ld.so.conf")) return folders;
  TRY(read_loader_file(root, "/etc/ld.so.conf", 0, folders));
  return folders;
}

std::vector<std::string> default_loader_folders(std::uint16_t machine, bool is_64_bit) {
  std::vector<std::string> folders;
  for (const Tuple& tuple : kTuples) {
    if (tuple.machine != machine || !is_64_bit) continue;
    folders.push_back("/lib/" + std::string(tuple.name));
    folders.push_back("/usr/lib/" + std::string(tuple.name));
  }
  if (is_64_bit) folders.insert(folders.end(), {"/lib64", "/usr/lib64"});
  folders.insert(folders.end(), {"/lib", "/usr/lib"});
  return folders;
}

std::string expand_origin(std::string_view folder, std::string_view origin) {
  std::string out(folder);
  for (const std::string_view token : {"${ORIGIN}", "$ORIGIN"}) {
    for (auto at = out.find(token); at != std::string::npos; at = out.find(token)) {
      out.replace(at, token.size(), origin);
    }
  }
  return out;
}

}  // namespace kdump::mkdumprd
