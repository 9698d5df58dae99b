// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/iscsi.h"

#include "capture/agent/run_into_log.h"
#include "capture/agent/server_answer.h"
#include "capture/agent/settled.h"

#include <algorithm>

namespace kdump::agent {
namespace {

constexpr std::chrono::seconds kPatience{15};  // with one try; open-iscsi gives a login as much
constexpr std::chrono::seconds kPause{2};
constexpr const char* kSessions = "/sys/class/iscsi_session";

/// Whether the kernel has this session (drivers/scsi/scsi_transport_iscsi.c).
bool is_logged_in(const SysRoot& root, const config::PlannedIscsi& session) {
  const auto names = root.list(kSessions);
  if (!names) return false;
  return std::any_of(names->begin(), names->end(), [&](const std::string& name) {
    const std::string number = name.substr(std::min(name.size(), std::string("session").size()));
    const auto target = root.read_value(fmt::format("{}/{}/targetname", kSessions, name));
    const auto address = root.read_value(
        fmt::format("/sys/class/iscsi_connection/connection{}:0/persistent_address", number));
    return target && *target == session.target && address && *address == session.address;
  });
}

}  // namespace

std::vector<std::string> iscsi_command(const config::PlannedIscsi& session) {
  std::vector<std::string> argv = {config::kImageIscsiPath,
                                   "-i",
                                   session.initiator,
                                   "-t",
                                   session.target,
                                   "-g",
                                   std::to_string(session.group),
                                   "-a",
                                   session.address,
                                   "-p",
                                   std::to_string(session.port),
                                   "-P",
                                   "node.session.timeo.replacement_timeout=5"};
  const auto add = [&argv](const char* option, const std::string& value) {
    if (!value.empty()) argv.insert(argv.end(), {option, value});
  };
  add("-u", session.user);
  add("-w", session.password);
  add("-U", session.target_user);
  add("-W", session.target_password);
  return argv;
}

Status log_in_to_iscsi(const CaptureContext& context,
                       const config::PlannedIscsi& session,
                       Deadline deadline) {
  const std::string portal = fmt::format("{} port {}", session.address, session.port);
  TRY(wait_for_server(context, session.target, {session.address}, session.port, deadline));
  const Deadline start = context.system.now();
  for (;;) {
    if (is_logged_in(context.root, session)) {
      context.log.info("logged in to the iSCSI target {} at {}", session.target, portal);
      return {};
    }
    const auto end = TRY(run_into_log(context.system,
                                      context.log,
                                      {iscsi_command(session)},
                                      std::min(deadline, context.system.now() + kPatience),
                                      {.output = {}, .tick = [&] { context.memory.sample(); }}));
    if (end.status.success() && !end.deadline_passed && is_logged_in(context.root, session)) {
      continue;
    }
    const Deadline now = context.system.now();
    if (is_given_up(context, start, deadline - kPause)) {
      return make_error(ErrorKind::kTimeout,
                        "cannot log in to the iSCSI target {} at {}; see the messages above",
                        session.target,
                        portal);
    }
    (void)context.system.wait_for_devices(now + kPause);  // tried again either way
  }
}

}  // namespace kdump::agent
