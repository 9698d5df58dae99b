// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/crashkernel_places.h"

#include "base/atomic_file.h"
#include "kdumpctl/boot/bls_entry.h"

#include <cerrno>
#include <set>
#include <sys/stat.h>

namespace kdump::ctl {
namespace {

using boot::ArgumentFile;

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Result<CrashkernelPlace> place_of(const SysRoot& root, ArgumentFile kind, const std::string& path) {
  CrashkernelPlace place{.kind = kind, .path = path, .kernel = {}, .version = {}, .text = {}};
  place.text = TRY(root.read(path));
  place.value = boot::crashkernel_in(place.text, kind);
  return place;
}

Status add_entries(const SysRoot& root, CrashkernelPlaces& out) {
  std::set<std::string> seen;
  for (const char* folder :
       {"/boot/loader/entries", "/boot/efi/loader/entries", "/efi/loader/entries"}) {
    const auto found = TRY(boot::read_bls_folder(root, folder));
    out.notes.insert(out.notes.end(), found.warnings.begin(), found.warnings.end());
    for (const boot::BlsEntry& entry : found.entries) {
      // /efi may be a link to /boot/efi.
      if (entry.kernel.empty() || !seen.insert(TRY(root.resolve(entry.path))).second) continue;
      if (entry.options.find("$kernelopts") != std::string::npos) {
        out.notes.push_back(fmt::format(
            "{} takes its parameters from grubenv; use grubby, or grub2-editenv - set kernelopts=",
            entry.path));
        continue;
      }
      CrashkernelPlace place = TRY(place_of(root, ArgumentFile::kBlsEntry, entry.path));
      place.kernel = entry.kernel;
      place.version = entry.version;
      out.places.push_back(std::move(place));
    }
  }
  return {};
}

Status add_grub(const SysRoot& root, CrashkernelPlaces& out) {
  bool in_drop_in = false;
  for (const std::string& name :
       root.list("/etc/default/grub.d").value_or(std::vector<std::string>())) {
    if (!name.ends_with(".cfg")) continue;
    auto place = TRY(place_of(root, ArgumentFile::kGrubDefault, "/etc/default/grub.d/" + name));
    if (!place.value) continue;
    in_drop_in = true;
    out.places.push_back(std::move(place));
  }
  if (!root.exists("/etc/default/grub")) return {};
  auto place = TRY(place_of(root, ArgumentFile::kGrubDefault, "/etc/default/grub"));
  // The drop-in's would stand beside it.
  if (place.value || !in_drop_in) out.places.push_back(std::move(place));
  return {};
}

}  // namespace

Result<CrashkernelPlaces> find_crashkernel_places(const SysRoot& root) {
  CrashkernelPlaces out;
  TRY(add_entries(root, out));
  TRY(add_grub(root, out));
  constexpr const char* kCmdline = "/etc/kernel/cmdline";
  if (root.exists(kCmdline)) {
    out.places.push_back(TRY(place_of(root, ArgumentFile::kCmdline, kCmdline)));
  }
  return out;
}

bool is_entry_of(const CrashkernelPlace& place, const KernelChoice& choice) {
  if (place.kind != ArgumentFile::kBlsEntry) return false;
  if (choice.all || place.version == choice.wanted || place.kernel == choice.wanted) return true;
  const std::string_view name = last_part(place.kernel);
  return name == last_part(choice.wanted) || name == "vmlinuz-" + choice.wanted ||
         place.kernel.ends_with("/" + choice.wanted + "/linux");
}

Status rewrite(const SysRoot& root, const CrashkernelPlace& place, const std::string& text) {
  const std::string file = root.path(TRY(root.resolve(place.path)));
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return system_error(errno, "cannot look at {}", file);
  return write_file_atomically(file, status.st_mode & 07777U, text);
}

}  // namespace kdump::ctl
