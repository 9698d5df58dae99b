// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/elf_closure.h"

#include "base/elf_file.h"
#include "mkdumprd/library_search.h"

#include <algorithm>
#include <optional>
#include <set>

namespace kdump::mkdumprd {
namespace {

constexpr std::string_view kCLibrary = "libc.so.6";

struct Found {
  HostPath host;
  std::string folder;  ///< where the name was found, free of links
};

/// A library as it was asked for, and where it was found.
struct Asked {
  std::string name;
  std::string folder;
  std::string file;
};

class Closure {
 public:
  Closure(const SysRoot& root, std::vector<std::string> configured)
      : root_(root), configured_(std::move(configured)) {}

  Status add_program(const std::string& path);
  Status add_all_needed();
  void link_outsiders();
  [[nodiscard]] ElfClosure take() && { return std::move(out_); }

 private:
  struct Kind {
    std::uint16_t machine = 0;
    bool is_64_bit = false;
    friend bool operator==(const Kind&, const Kind&) = default;
  };

  Status add_object(const std::string& file);
  [[nodiscard]] std::optional<Found> find(const ElfObject& user,
                                          Kind kind,
                                          const std::string& name) const;
  [[nodiscard]] std::optional<Found> match(const std::string& path, Kind kind) const;
  Status add_needed(const ElfObject& user, Kind kind, const std::string& name);

  const SysRoot& root_;
  std::vector<std::string> configured_;
  std::set<std::string> seen_;
  std::vector<Kind> kinds_;             ///< of out_.objects, by index
  std::vector<std::string> run_paths_;  ///< DT_RPATH of the programs, which their libraries inherit
  std::vector<Asked> asked_;
  std::string c_library_folder_;
  ElfClosure out_;
};

Status Closure::add_program(const std::string& path) {
  HostPath host = TRY(follow(root_, path));
  return add_object(host.file);
}

Status Closure::add_object(const std::string& file) {
  if (!seen_.insert(file).second) return {};
  const ElfFile elf = TRY(ElfFile::open(root_.path(file)));
  const ElfDynamic dynamic = TRY(elf.dynamic());
  ElfObject object{
      .file = file, .interpreter = dynamic.interpreter, .needed = dynamic.needed, .search = {}};
  // DT_RPATH counts only where there is no DT_RUNPATH (ld.so(8)).
  const auto& folders = dynamic.runpath.empty() ? dynamic.rpath : dynamic.runpath;
  for (const std::string& folder : folders) {
    object.search.push_back(expand_origin(folder, parent_of(file)));
  }
  if (dynamic.runpath.empty()) {
    run_paths_.insert(run_paths_.end(), object.search.begin(), object.search.end());
  }
  out_.objects.push_back(std::move(object));
  kinds_.push_back({elf.machine(), elf.is_64_bit()});
  return {};
}

Status Closure::add_all_needed() {
  for (std::size_t i = 0; i < out_.objects.size(); ++i) {
    const ElfObject user = out_.objects[i];
    const Kind kind = kinds_[i];
    if (!user.interpreter.empty()) TRY(add_needed(user, kind, user.interpreter));
    for (const std::string& name : user.needed) TRY(add_needed(user, kind, name));
  }
  return {};
}

std::optional<Found> Closure::match(const std::string& path, Kind kind) const {
  auto host = follow(root_, path);
  auto folder = root_.resolve(parent_of(path));
  if (!host || !folder) return std::nullopt;
  // ld.so passes over a library for another machine, and over what is no library at all.
  const auto elf = ElfFile::open(root_.path(host->file));
  if (!elf || Kind{elf->machine(), elf->is_64_bit()} != kind) return std::nullopt;
  return Found{std::move(*host), std::move(*folder)};
}

std::optional<Found> Closure::find(const ElfObject& user,
                                   Kind kind,
                                   const std::string& name) const {
  if (name.find('/') != std::string::npos) return match(name, kind);
  std::vector<std::string> folders = user.search;
  const auto defaults = default_loader_folders(kind.machine, kind.is_64_bit);
  folders.insert(folders.end(), run_paths_.begin(), run_paths_.end());
  folders.insert(folders.end(), configured_.begin(), configured_.end());
  folders.insert(folders.end(), defaults.begin(), defaults.end());
  for (const std::string& folder : folders) {
    if (auto found = match(join(folder, name), kind)) return found;
  }
  return std::nullopt;
}

Status Closure::add_needed(const ElfObject& user, Kind kind, const std::string& name) {
  auto found = find(user, kind, name);
  if (!found) {
    return make_error(ErrorKind::kNotFound,
                      "{} needs {}, which is in none of the loader's folders. Install the package "
                      "that contains it",
                      root_.path(user.file),
                      name);
  }
  const std::string file = found->host.file;
  if (name == kCLibrary) c_library_folder_ = found->folder;
  if (name.find('/') == std::string::npos) asked_.push_back({name, found->folder, file});
  out_.libraries.push_back(
      {std::move(found->host), "needed by " + std::string(name_of(user.file))});
  return add_object(file);
}

/// Debian's loader knows /usr/lib/x86_64-linux-gnu, Fedora's /usr/lib64: wherever the C library is,
/// the loader looks.
void Closure::link_outsiders() {
  for (const Asked& library : asked_) {
    if (c_library_folder_.empty() || library.folder == c_library_folder_) continue;
    const HostLink link{join(c_library_folder_, library.name), library.file};
    const bool known =
        std::find(out_.extra_links.begin(), out_.extra_links.end(), link) != out_.extra_links.end();
    if (!known) out_.extra_links.push_back(link);
  }
}

}  // namespace

Result<ElfClosure> close_libraries(const SysRoot& root, const std::vector<std::string>& programs) {
  Closure closure(root, TRY(read_loader_folders(root)));
  for (const std::string& program : programs) TRY(closure.add_program(program));
  TRY(closure.add_all_needed());
  closure.link_outsiders();
  return std::move(closure).take();
}

}  // namespace kdump::mkdumprd
