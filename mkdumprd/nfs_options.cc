// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/nfs_options.h"

#include "base/text.h"
#include "mkdumprd/mount_options.h"

#include <algorithm>
#include <array>
#include <optional>

namespace kdump::mkdumprd {
namespace {

/// Every version that a kernel of today speaks, the best first.
constexpr std::array<std::string_view, 4> kVersions = {"4.2", "4.1", "4.0", "3"};

/// 30 + 60 + 90 + 120 s (nfs(5): over TCP each wait is longer by timeo, which counts tenths): a
/// server that fails over is back by then, and a dead one is not waited for all day.
constexpr std::string_view kBoundedWait = "soft,timeo=300,retrans=3";

/// For mount.nfs(8) only, or set anew for each attempt.
constexpr std::array<std::string_view, 14> kDropped = {"bg",
                                                       "fg",
                                                       "retry",
                                                       "addr",
                                                       "clientaddr",
                                                       "mountaddr",
                                                       "mounthost",
                                                       "lock",
                                                       "nolock",
                                                       "tcp",
                                                       "udp",
                                                       "rdma",
                                                       "proto",
                                                       "sloppy"};
/// What a mount of the running system tells about the server.
constexpr std::array<std::string_view, 2> kFromServer = {"port", "sec"};

template <typename List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// "4" and "4" with minorversion=1 are older ways to say "4.1".
std::optional<std::string> version_of(std::string_view value, std::string_view minor) {
  if (value == "4" && !minor.empty()) return "4." + std::string(minor);
  if (holds(kVersions, value)) return std::string(value);
  return std::nullopt;
}

Status check_transport(std::string_view name, std::string_view value) {
  if (name == "rdma" || value.starts_with("rdma")) {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target's NFS mount uses RDMA, which is not supported. Mount the "
                      "export with proto=tcp, or name another target");
  }
  return {};
}

Status check_security(std::string_view value) {
  if (value == "sys" || value == "none" || value == "null") return {};
  return make_error(ErrorKind::kUnsupported,
                    "The dump target's NFS mount uses sec={}, whose daemon and keys a capture "
                    "kernel does not have. Export it with sec=sys for this host",
                    escape_control(value));
}

}  // namespace

Result<NfsOptions> compile_nfs_options(const std::string& options, NfsOptionSource source) {
  const MountArguments mount =
      TRY(compile_mount_options(options, "nfs", OptionSource::kAdministrator));
  NfsOptions out;
  out.mount_flags = mount.flags;
  std::string version;
  std::string minor;
  bool is_bounded = false;
  for (const std::string_view word : split(mount.data, ',')) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    if (name == "addr") out.address = value;
    if (name == "rdma" || name == "proto") TRY(check_transport(name, value));
    if (name == "sec") TRY(check_security(value));
    if (name == "vers" || name == "nfsvers") {
      version = value;
    } else if (name == "minorversion") {
      minor = value;
    } else if (!word.empty() && !holds(kDropped, name)) {
      if (source == NfsOptionSource::kRunningSystem && !holds(kFromServer, name)) continue;
      is_bounded = is_bounded || name == "timeo" || name == "retrans" || name == "soft" ||
                   name == "softerr" || name == "hard";
      out.text += std::string(out.text.empty() ? "" : ",") + std::string(word);
    }
  }
  if (!is_bounded) out.text = std::string(kBoundedWait) + (out.text.empty() ? "" : "," + out.text);
  if (const auto named = version_of(version, minor)) {
    out.versions = {*named};
  } else if (version.empty()) {
    out.versions.assign(kVersions.begin(), kVersions.end());
  } else if (version == "4") {
    out.versions.assign(kVersions.begin(), kVersions.begin() + 3);
  } else {
    return make_error(ErrorKind::kUnsupported,
                      "The dump target's NFS version \"{}\" is not supported. Use one of {}",
                      escape_control(version),
                      fmt::join(kVersions, ", "));
  }
  return out;
}

}  // namespace kdump::mkdumprd
