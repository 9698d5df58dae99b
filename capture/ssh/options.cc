// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/options.h"

#include "base/text.h"

#include <array>

namespace kdump::ssh {
namespace {

constexpr std::uint64_t kHighestPort = 65535;
constexpr std::uint64_t kLongestPatience = 3600;

/// A setting by its option.
Status apply(std::string_view option, const std::string& value, Destination& to) {
  if (option == "--address") {
    to.address = value;
  } else if (option == "--user") {
    to.user = value;
  } else if (option == "--key") {
    to.key_file = value;
  } else if (option == "--known-hosts") {
    to.known_hosts = value;
  } else if (option == "--port" || option == "--patience") {
    const auto number = parse_unsigned(value);
    const bool is_port = option == "--port";
    if (!number || *number == 0 || *number > (is_port ? kHighestPort : kLongestPatience)) {
      return make_error(ErrorKind::kUsage, "{}: \"{}\" is out of range", option, value);
    }
    if (is_port) {
      to.port = static_cast<unsigned>(*number);
    } else {
      to.patience = std::chrono::seconds(*number);
    }
  } else {
    return make_error(ErrorKind::kUsage, "{} is no option", option);
  }
  return {};
}

Status check_destination(const Destination& to) {
  const std::array<std::pair<const char*, const std::string*>, 4> required = {
      {{"--address", &to.address},
       {"--user", &to.user},
       {"--key", &to.key_file},
       {"--known-hosts", &to.known_hosts}}};
  for (const auto& [name, value] : required) {
    if (value->empty()) return make_error(ErrorKind::kUsage, "{} is missing", name);
  }
  return {};
}

/// The action and what belongs to it.
Status take_action(const std::vector<std::string>& words, Invocation& call) {
  using Action = Invocation::Action;
  const std::string& verb = words.front();
  if (verb == "mkdir" && words.size() == 2) {
    call.action = Action::kMakeFolders;
    call.path = words[1];
  } else if (verb == "put" && words.size() == 3) {
    call.action = Action::kPut;
    call.file = words[1];
    call.path = words[2];
  } else if ((verb == "run" || verb == "run-flattened") && words.size() > 2) {
    call.action = verb == "run" ? Action::kRun : Action::kRunFlattened;
    call.path = words[1];
    call.command.assign(words.begin() + 2, words.end());
  } else {
    return make_error(ErrorKind::kUsage, "\"{}\" is not understood", verb);
  }
  if (call.path.starts_with('/')) return {};
  return make_error(ErrorKind::kUsage, "\"{}\" is not an absolute path", call.path);
}

}  // namespace

Result<Invocation> parse_options(const std::vector<std::string>& arguments) {
  Invocation call;
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with("--")) {
    if (arguments[at] == "--help") return call;
    if (arguments[at] == "--version") {
      call.action = Invocation::Action::kVersion;
      return call;
    }
    if (at + 1 == arguments.size()) {
      return make_error(ErrorKind::kUsage, "{} needs a value", arguments[at]);
    }
    TRY(apply(arguments[at], arguments[at + 1], call.destination));
    at += 2;
  }
  if (at == arguments.size()) return make_error(ErrorKind::kUsage, "nothing to do");
  TRY(take_action({arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end()}, call));
  TRY(check_destination(call.destination));
  return call;
}

std::string help_text() {
  return R"(usage: kdump-ssh OPTION... mkdir PATH
       kdump-ssh OPTION... put FILE PATH
       kdump-ssh OPTION... run PATH COMMAND [ARGUMENT]...
       kdump-ssh OPTION... run-flattened PATH COMMAND [ARGUMENT]...
Saves files on an SSH server, for kdump-agent in a capture kernel; see
kdump-ssh(8).
  --address ADDRESS     of the server
  --port N              its port, 22 unless told
  --user NAME           who logs in
  --key FILE            with this private key
  --known-hosts FILE    the server's keys; no other is believed
  --patience SECONDS    how long the server may be silent, 120 unless told
  --help, --version     show this text; show the version
)";
}

}  // namespace kdump::ssh
