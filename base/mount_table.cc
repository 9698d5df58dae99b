// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount_table.h"

#include "base/text.h"

#include <algorithm>

namespace kdump {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes blank, tab, newline and backslash as \ooo (seq_path, mangle()).
std::string decode_octal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool lies_on(std::string_view path, std::string_view mount_point) {
  if (mount_point == "/") return path.starts_with('/');
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

}  // namespace

bool MountPoint::read_only() const {
  const auto has_ro = [](std::string_view options) {
    const auto words = split(options, ',');
    return std::find(words.begin(), words.end(), "ro") != words.end();
  };
  return has_ro(mount_options) || has_ro(super_options);
}

Result<MountTable> MountTable::parse(std::string_view mountinfo) {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  constexpr std::size_t kFixedFields = 6;
  MountTable table;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(mountinfo)) {
    ++number;
    const auto fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < static_cast<std::ptrdiff_t>(kFixedFields) ||
        fields.end() - dash < 3) {
      return make_error(
          ErrorKind::kBadData, "mountinfo line {}: not a mount: {}", number, escape_control(line));
    }
    const std::string super_options =
        fields.end() - dash > 3 ? std::string(dash[3]) : std::string();
    table.mounts_.push_back({.device_number = std::string(fields[2]),
                             .root = decode_octal(fields[3]),
                             .mount_point = decode_octal(fields[4]),
                             .mount_options = std::string(fields[5]),
                             .fs_type = std::string(dash[1]),
                             .source = decode_octal(dash[2]),
                             .super_options = super_options});
  }
  return table;
}

Result<MountTable> MountTable::read(const SysRoot& root) {
  const std::string text = TRY(root.read("/proc/self/mountinfo"));
  return parse(text);
}

Result<MountTable> MountTable::read_with(const SysRoot& root, const std::string& path) {
  const std::string resolved = root.resolve(path).value_or(path);
  MountTable table = TRY(read(root));
  const MountPoint* mount = table.containing(resolved);
  if (mount == nullptr || mount->fs_type != "autofs") return table;
  // A look at the automount point itself mounts nothing; one at a name that must be a folder does
  // (fs/namei.c, follow_automount()).
  (void)root.is_directory(resolved + "/");
  return read(root);
}

const MountPoint* MountTable::containing(std::string_view path) const {
  const MountPoint* best = nullptr;
  for (const MountPoint& mount : mounts_) {
    if (!lies_on(path, mount.mount_point)) continue;
    if (best == nullptr || mount.mount_point.size() >= best->mount_point.size()) best = &mount;
  }
  return best;
}

const MountPoint* MountTable::of_source(std::string_view source) const {
  const auto found = std::find_if(
      mounts_.rbegin(), mounts_.rend(), [&](const MountPoint& m) { return m.source == source; });
  return found == mounts_.rend() ? nullptr : &*found;
}

const MountPoint* MountTable::of_device(std::string_view device_number) const {
  const auto found = std::find_if(mounts_.rbegin(), mounts_.rend(), [&](const MountPoint& m) {
    return m.device_number == device_number;
  });
  return found == mounts_.rend() ? nullptr : &*found;
}

}  // namespace kdump
