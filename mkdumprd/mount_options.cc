// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/mount_options.h"

#include "base/text.h"

#include <libmount/libmount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <sys/mount.h>

namespace kdump::mkdumprd {
namespace {

struct CFree {
  void operator()(char* text) const { std::free(text); }
};
using CText = std::unique_ptr<char, CFree>;

struct TableDeleter {
  void operator()(libmnt_table* table) const { mnt_unref_table(table); }
};

constexpr std::array<std::string_view, 4> kNeverPassed = {"nobootwait", "seclabel", "rw", "ro"};

/// Words without which the same file system does not mount (or reads names wrongly), by type.
struct Essential {
  std::string_view fs_type;
  std::string_view option;
};
constexpr std::array<Essential, 10> kEssential = {{
    {"xfs", "nouuid"},
    {"ext2", "sb"},
    {"ext3", "sb"},
    {"ext4", "sb"},
    {"btrfs", "degraded"},
    {"btrfs", "subvol"},
    {"btrfs", "subvolid"},
    {"vfat", "codepage"},
    {"vfat", "iocharset"},
    {"msdos", "codepage"},
}};

bool is_essential(std::string_view fs_type, std::string_view option) {
  return std::any_of(kEssential.begin(), kEssential.end(), [&](const Essential& e) {
    return e.fs_type == fs_type && e.option == option;
  });
}

/// Commas inside double quotes (SELinux contexts) do not separate; libmount knows.
std::string select_data(const std::string& options,
                        const std::string& fs_type,
                        OptionSource source) {
  std::string data;
  std::string text = options;
  char* next = text.data();
  char* name = nullptr;
  char* value = nullptr;
  std::size_t name_size = 0;
  std::size_t value_size = 0;
  while (mnt_optstr_next_option(&next, &name, &name_size, &value, &value_size) == 0) {
    const std::string_view word(name, name_size);
    if (std::find(kNeverPassed.begin(), kNeverPassed.end(), word) != kNeverPassed.end()) continue;
    if (source == OptionSource::kRunningSystem && !is_essential(fs_type, word)) continue;
    if (!data.empty()) data += ',';
    data += word;
    if (value != nullptr) data += "=" + std::string(value, value_size);
  }
  return data;
}

using Table = std::unique_ptr<libmnt_table, TableDeleter>;

/// Nothing when there is none.
Result<Table> read_fstab(const SysRoot& root) {
  if (!root.exists("/etc/fstab")) return Table();
  const std::string path = root.path("/etc/fstab");
  Table table(mnt_new_table_from_file(path.c_str()));
  if (!table) return make_error(ErrorKind::kBadData, "cannot read {}", path);
  return table;
}

bool has_noauto(libmnt_fs* row) {
  const char* options = mnt_fs_get_options(row);
  return options != nullptr && mnt_optstr_get_option(options, "noauto", nullptr, nullptr) == 0;
}

}  // namespace

Result<MountArguments> compile_mount_options(const std::string& options,
                                             const std::string& fs_type,
                                             OptionSource source) {
  unsigned long flags = 0;
  int failed = mnt_optstr_get_flags(options.c_str(), &flags, mnt_get_builtin_optmap(MNT_LINUX_MAP));
  char* fs_words = nullptr;
  if (failed == 0) failed = mnt_split_optstr(options.c_str(), nullptr, nullptr, &fs_words, 0, 0);
  const CText owner(fs_words);
  if (failed != 0) {
    return make_error(
        ErrorKind::kBadData, "cannot understand the mount options \"{}\"", escape_control(options));
  }
  constexpr unsigned long kRefused = MS_RDONLY | MS_REMOUNT | MS_BIND | MS_MOVE | MS_REC;
  MountArguments out;
  out.flags = flags & ~kRefused;
  out.data = select_data(fs_words == nullptr ? std::string() : fs_words, fs_type, source);
  return out;
}

Result<std::optional<std::string>> fstab_options(const SysRoot& root,
                                                 const std::vector<std::string>& sources) {
  const Table table = TRY(read_fstab(root));
  if (!table) return std::optional<std::string>();
  for (const std::string& source : sources) {
    libmnt_fs* row = mnt_table_find_srcpath(table.get(), source.c_str(), MNT_ITER_FORWARD);
    const auto equals = source.find('=');
    if (equals != std::string::npos) {
      row = mnt_table_find_tag(table.get(),
                               source.substr(0, equals).c_str(),
                               source.substr(equals + 1).c_str(),
                               MNT_ITER_FORWARD);
    }
    if (row == nullptr) continue;
    const char* options = mnt_fs_get_options(row);
    return std::optional<std::string>(options == nullptr ? "defaults" : options);
  }
  return std::optional<std::string>();
}

Result<std::string> fstab_mount_point(const SysRoot& root, const std::string& path) {
  const Table table = TRY(read_fstab(root));
  std::string longest;
  if (!table) return longest;
  struct IteratorDeleter {
    void operator()(libmnt_iter* rows) const { mnt_free_iter(rows); }
  };
  const std::unique_ptr<libmnt_iter, IteratorDeleter> rows(mnt_new_iter(MNT_ITER_FORWARD));
  libmnt_fs* row = nullptr;
  while (rows && mnt_table_next_fs(table.get(), rows.get(), &row) == 0) {
    const char* found = mnt_fs_get_target(row);
    const std::string target = found == nullptr ? "" : found;
    if (!target.starts_with('/') || has_noauto(row)) continue;
    const bool holds = target == "/" || path == target || path.starts_with(target + "/");
    if (holds && target.size() > longest.size()) longest = target;
  }
  return longest;
}

}  // namespace kdump::mkdumprd
