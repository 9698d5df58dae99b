// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/root_device.h"

#include "base/text.h"
#include "config/kernel_cmdline.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace kdump::ctl::reboot {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTags = {
    {{"UUID=", "by-uuid"},
     {"LABEL=", "by-label"},
     {"PARTUUID=", "by-partuuid"},
     {"PARTLABEL=", "by-partlabel"}}};

/// As udev names its links: other bytes than these become \xNN (systemd, udev_node_escape()).
std::string escaped(std::string_view text) {
  constexpr std::string_view kPlain = "#+-.:=@_";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || byte >= 0x80 || kPlain.find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += fmt::format("\\x{:02x}", byte);
    }
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// Identifiers are compared without regard to case, labels are not.
bool has_link(const SysRoot& root, std::string_view folder, std::string_view wanted) {
  const std::string path = fmt::format("/dev/disk/{}", folder);
  const auto names = root.list(path);
  if (!names) return false;
  const bool identifier = folder.ends_with("uuid");
  const std::string name = escaped(wanted);
  return std::any_of(names->begin(), names->end(), [&](const std::string& other) {
    const bool same = identifier ? lower(other) == lower(name) : other == name;
    return same && root.resolve(path + "/" + other).has_value();
  });
}

std::optional<bool> exists(const SysRoot& root, std::string_view device) {
  for (const auto& [prefix, folder] : kTags) {
    if (!device.starts_with(prefix)) continue;
    const std::string_view wanted = device.substr(prefix.size());
    // PARTUUID=x/PARTNROFF=n counts on from that partition.
    if (wanted.find("/PARTNROFF=") != std::string_view::npos) return std::nullopt;
    return has_link(root, folder, wanted);
  }
  if (device == "/dev/nfs" || device == "/dev/ram0" || device == "/dev/cifs") return std::nullopt;
  if (device.starts_with("/dev/")) return root.resolve(device).has_value();
  const auto colon = device.find(':');
  const auto major = parse_unsigned(device.substr(0, colon));
  if (colon == std::string_view::npos || !major) return std::nullopt;
  const auto minor = parse_unsigned(device.substr(colon + 1));
  if (!minor) return std::nullopt;
  return root.exists(fmt::format("/sys/dev/block/{}:{}", *major, *minor));
}

}  // namespace

Status check_root_device(std::string_view command_line, const SysRoot& root) {
  const auto line = config::KernelCommandLine::parse(command_line);
  const config::CmdlineParameter* parameter = line.find("root");
  if (parameter == nullptr || !parameter->value) return {};
  const auto found = exists(root, *parameter->value);
  if (!found || *found) return {};
  return make_error(ErrorKind::kNotFound,
                    "{} of the command line does not exist on this host, so the next kernel would "
                    "find no root file system; correct the boot entry or name another one",
                    escape_control(parameter->text));
}

}  // namespace kdump::ctl::reboot
