// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/kdump_ssh.h"

#include "base/exit_code.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "capture/ssh/options.h"
#include "capture/ssh/remote_place.h"
#include "capture/ssh/save_stream.h"
#include "capture/ssh/session.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace kdump::ssh {
namespace {

using Action = Invocation::Action;

/// A file that was not finished keeps its incomplete name; a stream keeps that it is one.
constexpr const char* kStreamSuffix = ".flat";

/// Waits until the kernel has collected randomness enough for keys, which on a machine that has
/// just started may take a while: it makes some itself while somebody waits (getrandom(2)), but
/// that must not take for ever.
Status wait_for_randomness() {
  constexpr unsigned kPatience = 60;
  struct sigaction wake {};
  wake.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &wake, nullptr);  // without SA_RESTART: it interrupts
  ::alarm(kPatience);
  std::array<unsigned char, 1> byte{};
  const ssize_t got = ::getrandom(byte.data(), byte.size(), 0);
  const int error = errno;
  ::alarm(0);
  if (got == static_cast<ssize_t>(byte.size())) return {};
  if (error == EINTR) {
    return make_error(
        ErrorKind::kTimeout, "the kernel has had no randomness for keys for {} s", kPatience);
  }
  return system_error(error, "getrandom");
}

/// A command whose output is read here.
struct Source {
  Child child;
  Fd output;
};

Result<Source> start(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "pipe");
  Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  const Child::Streams streams{.in = -1, .out = write_end.raw(), .err = -1};
  Child child = TRY(Child::spawn(command, streams));
  return Source{std::move(child), std::move(read_end)};
}

/// The command has to have ended well: what a failed one wrote is no whole file.
Status save_output(const Invocation& call, RemoteFile& file) {
  Source source = TRY(start(call.command));
  const bool in_place = call.action == Action::kRunFlattened && file.accepts_any_order();
  const int fd = source.output.raw();
  auto saved = in_place ? save_flattened(fd, file) : save_bytes(fd, file);
  TRY(source.output.close());
  if (!saved && saved.error().kind != ErrorKind::kBadData) return std::move(saved).error();
  const ExitStatus end = TRY(source.child.wait());
  if (!end.success()) {
    return make_error(ErrorKind::kSystem, "{} failed: {}", call.command.front(), end.describe());
  }
  if (!saved) return std::move(saved).error();
  if (*saved == 0) return make_error(ErrorKind::kBadData, "{} wrote nothing", call.command.front());
  return {};
}

Status save_file(const std::string& path, RemoteFile& file) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  static_cast<void>(TRY(save_bytes(fd.raw(), file)));
  return {};
}

/// What a failure on a full disk looks like from here is "Failure".
std::string room_text(RemotePlace& place, const std::string& path) {
  constexpr std::uint64_t kNearlyNothing = std::uint64_t{1} << 20U;
  const auto room = place.available(path.substr(0, path.rfind('/') + 1));
  if (!room || *room >= kNearlyNothing) return {};
  return fmt::format("; its file system has {} left", format_size(*room));
}

/// In bytes; nothing at all where the server does not tell.
Result<int> tell_room(RemotePlace& place, const std::string& path) {
  if (const auto room = place.available(path)) {
    TRY(write_all(STDOUT_FILENO, std::to_string(*room) + "\n"));
  }
  return kExitOk;
}

Result<int> perform(const Invocation& call) {
  ::signal(SIGPIPE, SIG_IGN);
  TRY(wait_for_randomness());
  const auto place = TRY(open_place(TRY(Session::connect(call.destination))));
  if (call.action == Action::kMakeFolders) {
    TRY(place->make_folders(call.path));
    return tell_room(*place, call.path);
  }
  const bool stays_stream = call.action == Action::kRunFlattened && !place->accepts_any_order();
  const std::string path = call.path + (stays_stream ? kStreamSuffix : "");
  const auto file = TRY(place->create(path));
  auto status =
      call.action == Action::kPut ? save_file(call.file, *file) : save_output(call, *file);
  if (status) {
    status = file->publish();
  } else {
    file->abandon();
  }
  if (!status) {
    Error error = std::move(status).error();
    error.message += room_text(*place, path);
    return std::move(error).with_context(path);
  }
  if (stays_stream) {
    Log("kdump-ssh").info("the server has no SFTP: saved as {}", path);
  }
  return kExitOk;
}

}  // namespace

Result<int> run_kdump_ssh(const std::vector<std::string>& arguments) {
  const auto call =
      parse_options({arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end()});
  if (!call) {
    Log("kdump-ssh").error("{}\nTry 'kdump-ssh --help'.", call.error().message);
    return kExitUsage;
  }
  if (call->action == Action::kHelp) {
    TRY(write_all(STDOUT_FILENO, help_text()));
    return kExitOk;
  }
  if (call->action == Action::kVersion) {
    TRY(write_all(STDOUT_FILENO, "kdump-ssh " KDUMP_TOOLKIT_VERSION "\n"));
    return kExitOk;
  }
  auto done = perform(*call);
  if (done || done.error().kind != ErrorKind::kMismatch) return done;
  Log("kdump-ssh").error("{}", done.error().message);
  return kExitRefused;
}

}  // namespace kdump::ssh
