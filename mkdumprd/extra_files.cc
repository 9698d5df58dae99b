// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/extra_files.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <set>
#include <sys/stat.h>

namespace kdump::mkdumprd {
namespace {

constexpr std::array<std::string_view, 4> kProgramFolders = {
    "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
constexpr std::size_t kMaxFiles = 10000;

/// The first line of a file, at most 256 bytes (BINPRM_BUF_SIZE).
Result<std::string> read_head(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  std::array<std::byte, 256> buffer{};
  const std::size_t size = TRY(read_some(fd.raw(), buffer));
  std::string head;
  for (std::size_t i = 0; i < size; ++i) head += std::to_integer<char>(buffer[i]);
  return head.substr(0, head.find('\n'));
}

Status include_below(const SysRoot& root,
                     const std::string& source,
                     const std::string& destination,
                     int depth,
                     std::vector<PlacedFile>& out) {
  constexpr int kMaxDepth = 40;  // a link back up would never end
  if (depth > kMaxDepth || out.size() >= kMaxFiles) {
    return make_error(ErrorKind::kUsage, "--include {}: too many files or folders in it", source);
  }
  const std::string file = TRY(root.resolve(source));
  if (root.is_directory(file)) {
    for (const std::string& name : TRY(root.list(file))) {
      TRY(include_below(root, join(file, name), join(destination, name), depth + 1, out));
    }
    return {};
  }
  struct stat status {};
  if (::stat(root.path(file).c_str(), &status) != 0) {
    return system_error(errno, "--include {}", root.path(file));
  }
  if (!S_ISREG(status.st_mode)) return {};  // sockets and device nodes are made at run time
  out.push_back({file, destination, status.st_mode & 07777U, "--include"});
  return {};
}

}  // namespace

Result<HostPath> find_program(const SysRoot& root, const WantedProgram& wanted) {
  const std::string& name = wanted.name;
  if (name.find('/') == std::string::npos) {
    for (const std::string_view folder : kProgramFolders) {
      if (auto host = follow(root, join(folder, name))) return std::move(*host);
    }
  } else if (auto host = follow(root, name)) {
    return std::move(*host);
  }
  return make_error(ErrorKind::kNotFound,
                    "Error: {} not found. Install it, or take it out of kdump.conf ({})",
                    escape_control(name),
                    wanted.reason);
}

Result<ExtraPrograms> find_programs(const SysRoot& root, const std::vector<WantedProgram>& wanted) {
  ExtraPrograms out;
  std::set<std::string> seen;
  std::vector<WantedProgram> todo = wanted;
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const WantedProgram program = todo[i];
    if (!seen.insert(program.name).second) continue;
    const HostPath host = TRY(find_program(root, program));
    out.files.push_back({host, program.reason});
    const std::string head = TRY(read_head(root.path(host.file)));
    if (head.starts_with("\x7f"
                         "ELF"))
      out.elf.push_back(host.file);
    if (!head.starts_with("#!")) continue;
    const std::string reason = "interpreter of " + program.name;
    const auto words = split_words(std::string_view(head).substr(2));
    if (!words.empty()) todo.push_back({std::string(words.front()), reason});
    if (words.size() > 1 && name_of(words.front()) == "env") {
      todo.push_back({std::string(words[1]), reason});
    }
  }
  return out;
}

Result<std::vector<PlacedFile>> expand_include(const SysRoot& root, const IncludedPath& included) {
  if (!included.destination.starts_with('/') || !included.source.starts_with('/')) {
    return make_error(ErrorKind::kUsage,
                      "--include {} {}: both must be absolute paths",
                      included.source,
                      included.destination);
  }
  std::vector<PlacedFile> out;
  auto status = include_below(root, included.source, included.destination, 0, out);
  if (!status) return std::move(status).error().with_context("--include " + included.source);
  return out;
}

}  // namespace kdump::mkdumprd
