// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/nfs_mount.h"

#include "base/text.h"
#include "capture/agent/mount_target.h"
#include "capture/agent/server_answer.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

namespace kdump::agent {
namespace {

// One server that does not answer must not use up the time of the others.
constexpr std::chrono::seconds kPatience{25};
constexpr std::chrono::milliseconds kRetryInterval{1000};

/// What the server said will be the same in a minute.
bool is_final(const Error& error) {
  switch (error.code) {
    case EACCES:
    case EPERM:
    case EINVAL:
    case ENODEV:
    case ENOENT:
    case ENOTDIR:
    case EPROTONOSUPPORT:
    case ESTALE:
      return true;
    default:
      return false;
  }
}

std::string explain(const Error& error) {
  switch (error.code) {
    case EACCES:
    case EPERM:
      return "the server does not let this host mount the export (exports(5) there)";
    case ENOENT:
    case ENOTDIR:
    case ESTALE:
      return "the server has no such export";
    case EPROTONOSUPPORT:
      return "the server does not speak this version";
    case ECONNREFUSED:
      return "no NFS service answers there";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "it cannot be reached over this network";
    case ENODEV:
      return "this kernel cannot mount nfs; see the module messages above";
    case EINVAL:
      return "this kernel does not know the version or an option";
    default:
      return error.kind == ErrorKind::kTimeout ? "no answer" : error.message;
  }
}

/// Goes through addresses and versions; keeps the last answer of each.
class Attempts {
 public:
  Attempts(const CaptureContext& context,
           const config::PlannedNfs& nfs,
           const std::string& mount_point,
           Deadline deadline)
      : context_(context), nfs_(nfs), mount_point_(mount_point), deadline_(deadline) {}

  /// One round; true when it is mounted.
  bool go_round() {
    has_hope_ = false;
    for (const std::string& address : nfs_.addresses) {
      if (try_address(address)) return true;
    }
    return false;
  }

  [[nodiscard]] bool has_hope() const { return has_hope_; }

  [[nodiscard]] Error error() const {
    std::string text =
        fmt::format("cannot mount {} within its time", source_of(nfs_.server, nfs_.export_path));
    for (const auto& [attempt, answer] : answers_) {
      text += fmt::format("\n{}: {}", attempt, answer);
    }
    return make_error(ErrorKind::kTimeout, "{}", text);
  }

  static std::string source_of(const std::string& server, const std::string& path) {
    const bool is_v6 = server.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", server, path) : fmt::format("{}:{}", server, path);
  }

 private:
  bool try_address(const std::string& address) {
    for (const std::string& version : nfs_.versions) {
      const Deadline now = context_.system.now();
      if (now >= deadline_) return false;
      const config::PlannedFileSystem place = nfs_mount_of(nfs_, address, version);
      const auto mounted = context_.system.mount(
          place.source, mount_point_, place, std::min(now + kPatience, deadline_));
      if (mounted) {
        context_.log.info(
            "mounted {} (NFS {}, {}) on {}", place.source, version, address, mount_point_);
        return true;
      }
      note(fmt::format("{}, NFS {}", address, version), mounted.error());
      // Other versions would fare no better.
      if (!is_final(mounted.error())) return false;
    }
    return false;
  }

  void note(const std::string& attempt, const Error& error) {
    has_hope_ = has_hope_ || !is_final(error);
    std::string answer = explain(error);
    if (answers_[attempt] == answer) return;
    context_.log.info("{}: {}", attempt, answer);
    answers_[attempt] = std::move(answer);
  }

  const CaptureContext& context_;
  const config::PlannedNfs& nfs_;
  const std::string& mount_point_;
  Deadline deadline_;
  bool has_hope_ = false;
  std::map<std::string, std::string> answers_;
};

/// Nothing where the server is reached by other means, or on a port that it tells by itself.
std::optional<unsigned> tcp_port_of(const config::PlannedNfs& nfs) {
  constexpr unsigned kNfsPort = 2049;  // IANA
  for (const std::string_view option : split(nfs.options, ',')) {
    if (option == "udp" || option.starts_with("rdma")) return std::nullopt;
    if (!option.starts_with("port=")) continue;
    const auto port = parse_unsigned(option.substr(std::string_view("port=").size()));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    return static_cast<unsigned>(*port);
  }
  return kNfsPort;
}

}  // namespace

config::PlannedFileSystem nfs_mount_of(const config::PlannedNfs& nfs,
                                       const std::string& address,
                                       const std::string& version) {
  config::PlannedFileSystem place;
  place.fs_type = "nfs";
  place.source = Attempts::source_of(nfs.server, nfs.export_path);
  place.mount_flags = nfs.mount_flags;
  // The kernel wants the family of the address in the name of the protocol.
  const bool is_v6 = address.find(':') != std::string::npos;
  place.mount_data =
      fmt::format("vers={},addr={},proto={}", version, address, is_v6 ? "tcp6" : "tcp");
  // Without lockd on either side; version 4 has locks of its own.
  if (version.starts_with('3')) place.mount_data += ",nolock";
  if (!nfs.options.empty()) place.mount_data += "," + nfs.options;
  place.directory = nfs.directory;
  return place;
}

Status mount_nfs(const CaptureContext& context,
                 const config::PlannedNfs& nfs,
                 const std::string& mount_point) {
  const Deadline deadline =
      server_deadline(context, context.steps.begin(Step::kMount, context.plan.deadlines.mount));
  TRY(make_mount_point(mount_point));
  if (const auto port = tcp_port_of(nfs)) {
    auto answers = wait_for_server(context, nfs.server, nfs.addresses, *port, deadline);
    if (!answers) {
      return std::move(answers).error().with_context(
          "cannot mount " + Attempts::source_of(nfs.server, nfs.export_path));
    }
  }
  Attempts attempts(context, nfs, mount_point, deadline);
  while (!attempts.go_round()) {
    const Deadline now = context.system.now();
    if (!attempts.has_hope() || now + kRetryInterval >= deadline) return attempts.error();
    (void)context.system.wait_for_devices(now + kRetryInterval);  // retried either way
  }
  return check_writable(mount_point);
}

}  // namespace kdump::agent
