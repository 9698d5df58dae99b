// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/ssh_target.h"

#include "base/exit_code.h"
#include "base/fd.h"
#include "base/text.h"
#include "capture/agent/capture_log.h"
#include "capture/agent/collect.h"
#include "capture/agent/dump_directory.h"
#include "capture/agent/dump_room.h"
#include "capture/agent/hooks.h"
#include "capture/agent/reach_target.h"
#include "capture/agent/run_into_log.h"
#include "capture/agent/server_answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::agent {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{2000};
/// How long one address may take to answer while there are others, or to be tried again.
constexpr std::chrono::seconds kPatience{30};
constexpr const char* kLogFolder = "/run";
constexpr const char* kLogName = "kexec-dmesg.log";

/// kdump-ssh's words for this server, and then what it is to do.
std::vector<std::string> ssh_command(const SysRoot& root,
                                     const config::PlannedSsh& ssh,
                                     const std::string& address,
                                     const std::vector<std::string>& words) {
  std::vector<std::string> argv = {config::kImageSshPath,
                                   "--address",
                                   address,
                                   "--port",
                                   std::to_string(ssh.port),
                                   "--user",
                                   ssh.user,
                                   "--key",
                                   root.path(ssh.key),
                                   "--known-hosts",
                                   root.path(ssh.known_hosts)};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

/// One server, whose address that answered is known.
class SshServer {
 public:
  SshServer(const CaptureContext& context, const config::PlannedSsh& ssh, std::string directory)
      : context_(context), ssh_(ssh), directory_(std::move(directory)) {}

  /// The dump's folder is there; tries addresses until the deadline, unless a person is needed.
  Status reach() {
    const Deadline deadline = server_deadline(
        context_, context_.steps.begin(Step::kMount, context_.plan.deadlines.mount));
    TRY(wait_for_server(context_, ssh_.server, ssh_.addresses, ssh_.port, deadline));
    for (;;) {
      bool has_hope = false;
      for (const std::string& address : ssh_.addresses) {
        const ExitStatus end = TRY(make_folder(address, deadline));
        if (end.success()) {
          address_ = address;
          return {};
        }
        has_hope = has_hope || end.exit_code != kExitRefused;
      }
      const Deadline now = context_.system.now();
      if (!has_hope || now + kRetryInterval >= deadline) break;
      (void)context_.system.wait_for_devices(now + kRetryInterval);  // retried either way
    }
    return make_error(
        ErrorKind::kSystem, "cannot save on {}@{}; see the messages above", ssh_.user, ssh_.server);
  }

  /// What the command writes becomes a file there.
  Status save_output(const char* verb,
                     const std::string& name,
                     const std::vector<std::string>& command,
                     Deadline deadline) {
    std::vector<std::string> words = {verb, directory_ + "/" + name};
    words.insert(words.end(), command.begin(), command.end());
    return run_logged(context_, {ssh_command(context_.root, ssh_, address_, words)}, deadline);
  }

  /// Old dumps are not removed there.
  [[nodiscard]] DumpRoom room() const {
    DumpRoom room;
    room.available = [room = room_] { return room; };
    room.stays_free = context_.plan.keep_free + kDumpReserve;
    return room;
  }

  void save_log() {
    const Deadline deadline = context_.steps.begin(Step::kLog, context_.plan.deadlines.sync);
    config::PlannedSsh here = ssh_;
    here.addresses = {address_};
    const auto saved = save_log_on_ssh_server(
        context_.root, context_.system, context_.log, here, directory_, deadline);
    if (!saved) context_.log.error("cannot save {}: {}", kLogName, saved.error().message);
  }

 private:
  Result<ExitStatus> make_folder(const std::string& address, Deadline deadline) {
    const Deadline end_of_try = std::min(deadline, context_.system.now() + kPatience);
    const Fd answer(::memfd_create("room", MFD_CLOEXEC));
    if (!answer.valid()) return system_error(errno, "memfd_create");
    const auto end = run_into_log(
        context_.system,
        context_.log,
        {ssh_command(context_.root, ssh_, address, {"mkdir", directory_}), answer.raw()},
        end_of_try,
        {.output = {}, .tick = [&] { context_.memory.sample(); }});
    if (!end) return end.error();
    room_ = read_room(answer);
    if (end->deadline_passed) context_.log.warning("{} does not answer", address);
    ExitStatus status = end->status;
    if (end->deadline_passed) status.exit_code = kExitFailed;
    return status;
  }

  /// What kdump-ssh's mkdir has said.
  static Result<std::uint64_t> read_room(const Fd& answer) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(answer.raw(), text.data(), text.size(), 0);
    if (size < 0) return system_error(errno, "read");
    const auto bytes =
        parse_unsigned(trim(std::string_view(text.data(), static_cast<std::size_t>(size))));
    if (bytes) return *bytes;
    return make_error(ErrorKind::kUnsupported, "the server does not tell how much room it has");
  }

  const CaptureContext& context_;
  const config::PlannedSsh& ssh_;
  std::string directory_;
  std::string address_;
  Result<std::uint64_t> room_ = std::uint64_t{0};
};

Status save_dmesg(const CaptureContext& context, SshServer& server) {
  const Deadline start = context.system.now();
  const Deadline deadline = context.steps.begin(Step::kDmesg, context.plan.deadlines.dmesg);
  context.log.info("saving vmcore-dmesg.txt");
  TRY(server.save_output("run", "vmcore-dmesg.txt", dmesg_command(context), deadline));
  context.log.info("saved vmcore-dmesg.txt ({})", time_since(context, start));
  return {};
}

Status save_vmcore(const CaptureContext& context, SshServer& server) {
  const DumpRoom room = server.room();
  if (const auto bytes = room.available(); !bytes) context.log.info("{}", bytes.error().message);
  const auto collector = TRY(make_dump_fit(context, room));
  const Deadline start = context.system.now();
  const Deadline deadline = context.steps.begin(Step::kCollect, context.plan.deadlines.collect);
  context.log.info("saving vmcore");
  const char* verb = collector_is_native(context.plan) ? "run-flattened" : "run";
  TRY(server.save_output(verb, "vmcore", stream_command(context, collector), deadline));
  context.log.info("saved vmcore ({})", time_since(context, start));
  return {};
}

CaptureEnd save_in_folder(const CaptureContext& context, SshServer& server) {
  if (const auto wanted = run_hooks(context, context.plan.hooks.pre, {}); !wanted) {
    context.log.error("{}\nkdump_pre wants no dump: nothing is saved", wanted.error().message);
    return CaptureEnd::kDeclined;
  }
  if (const auto dmesg = save_dmesg(context, server); !dmesg) {
    context.log.error("cannot save vmcore-dmesg.txt: {}", dmesg.error().message);
  }
  server.save_log();
  const Status saved = save_vmcore(context, server);
  if (!saved) context.log.error("cannot save vmcore: {}", saved.error().message);
  // No hook after the dump can change what became of it.
  (void)run_hooks(context, context.plan.hooks.post, {saved ? "0" : "1"});
  return saved ? CaptureEnd::kSaved : CaptureEnd::kFailed;
}

}  // namespace

CaptureEnd save_on_ssh_server(const CaptureContext& context,
                              std::size_t target,
                              const Status& vmcore) {
  const config::PlannedTarget& planned = context.plan.targets.at(target);
  const auto& ssh = std::get<config::PlannedSsh>(planned.place);
  const std::string directory = (ssh.directory == "/" ? std::string() : ssh.directory) + "/" +
                                dump_directory_name(planned.host_name, context.system.local_time());
  SshServer server(context, ssh, directory);
  Status reached = reach_target(context, target);
  if (reached) reached = server.reach();
  if (!reached) {
    context.log.error("{}", reached.error().message);
    log_memory(context);
    return CaptureEnd::kFailed;
  }
  context.steps.set_dump_directory(directory);
  context.log.info("saving to {}@{}:{}", ssh.user, ssh.server, directory);
  const CaptureEnd end = vmcore ? save_in_folder(context, server) : CaptureEnd::kFailed;
  log_memory(context);
  server.save_log();
  return end;
}

Status save_log_on_ssh_server(const SysRoot& root,
                              System& system,
                              AgentLog& log,
                              const config::PlannedSsh& ssh,
                              const std::string& directory,
                              Deadline deadline) {
  const std::string folder = root.path(kLogFolder);
  TRY(save_capture_log(folder, log, system));
  const std::string file = folder + "/" + kLogName;
  const std::vector<std::string> argv =
      ssh_command(root, ssh, ssh.addresses.front(), {"put", file, directory + "/" + kLogName});
  const auto end = run_into_log(system, log, {argv}, deadline);
  // It takes memory that others need.
  if (::unlink(file.c_str()) != 0)
    log.warning("{}", system_error(errno, "unlink {}", file).message);
  if (!end) return end.error();
  if (end->deadline_passed)
    return make_error(ErrorKind::kTimeout, "{} did not end in time", argv[0]);
  if (end->status.success()) return {};
  return make_error(ErrorKind::kSystem, "{} failed: {}", argv[0], end->status.describe());
}

}  // namespace kdump::agent
