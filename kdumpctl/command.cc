// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/command.h"

#include "base/exit_code.h"
#include "base/io.h"
#include "config/suggestion.h"
#include "config/sysconfig.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/log_sinks.h"
#include "kdumpctl/service_lock.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <unistd.h>

namespace kdump::ctl {
namespace {

/// As long as the slowest build may take.
constexpr std::chrono::minutes kLockDeadline{10};

constexpr std::array<Command, 28> kCommands = {{
    {"start",
     "Load the panic kernel; build its image first if there is none",
     true,
     commands::start},
    {"stop", "Unload the panic kernel", true, commands::stop},
    {"restart",
     "Load it anew over the one that is loaded, with a new image if needed",
     true,
     commands::restart},
    {"reload", "Load it anew with the image that is there", true, commands::reload},
    {"status",
     "Say whether a panic kernel is loaded: exit code 0 or 3",
     false,
     commands::status,
     true},
    {"rebuild", "Build the image; load nothing", true, commands::rebuild},
    {"propagate",
     "Make a key, and let it log in at the host of the ssh target",
     true,
     commands::propagate},
    {"get-default-crashkernel",
     "Print the value of crashkernel= that is the default for this host",
     false,
     commands::get_default_crashkernel,
     true},
    {"estimate",
     "Say how much memory should be reserved for the panic kernel",
     false,
     commands::estimate,
     true},
    {"reset-crashkernel",
     "Set crashkernel= of boot entries to the default for this host",
     true,
     commands::reset_crashkernel,
     true},
    {"_reset-crashkernel-after-update",
     "",
     true,
     commands::reset_crashkernel_after_update,
     true,
     true},
    {"_reset-crashkernel-for-installed_kernel",
     "",
     true,
     commands::reset_crashkernel_for_installed_kernel,
     true,
     true},
    {"setup-crypttab",
     "Have the keys of an encrypted dump target left for the panic kernel",
     true,
     commands::setup_crypttab},
    {"import-config",
     "Turn the settings of Debian's or SUSE's kdump into kdump.conf",
     false,
     commands::import_config,
     true},
    {"import", "Fetch the dump that a raw target holds, as start does", true, commands::import},
    {"showmem", "Say how much memory is reserved for the panic kernel", false, commands::showmem},
    {"plan", "Say what start would load, where and why; load nothing", false, commands::plan, true},
    {"verify", "Check all that a dump depends on; change nothing", false, commands::verify, true},
    {"test", "Crash the kernel to see whether a vmcore is saved", false, commands::test, true},
    {"_crash-as-init", "", false, commands::crash_as_init, false, true},
    {"_early-copy", "", true, commands::early_copy, true, true},
    {"_early-load", "", true, commands::early_load, false, true},
    {"last", "Say what became of the last panic", false, commands::last, true},
    {"list", "List the dumps that this host can see", false, commands::list, true},
    {"config",
     "Show the settings in force; \"config check\": every error of files",
     false,
     commands::config,
     true},
    {"kexec",
     "load, unload, status, list: the kernel for a fast reboot",
     false,
     commands::kexec,
     true},
    {"fast-reboot",
     "Reboot into the next kernel without the firmware",
     false,
     commands::fast_reboot,
     true},
    {"cold-reboot",
     "Reboot through the firmware, whatever is loaded",
     false,
     commands::cold_reboot,
     true},
}};

struct Options {
  const Command* command = nullptr;
  bool debug = false;
  std::string root;
  std::vector<std::string> arguments;  ///< of the verb
  std::optional<std::string> text;     ///< to print instead: help, version
};

std::string usage() {
  std::vector<std::string_view> names;
  names.reserve(kCommands.size());
  for (const Command& command : kCommands) {
    if (!command.hidden) names.emplace_back(command.name);
  }
  return fmt::format("Usage: kdumpctl {{{}}}; see kdumpctl --help", fmt::join(names, "|"));
}

/// What is left over when CLI11 has taken what it knows.
Error not_understood(const Options& options, const std::string& word) {
  if (word.starts_with('-')) {
    return make_error(ErrorKind::kUsage, "There is no option {}\n{}", word, usage());
  }
  if (options.command != nullptr) {
    return make_error(ErrorKind::kUsage,
                      "{} takes no argument, but there is \"{}\"\n{}",
                      options.command->name,
                      word,
                      usage());
  }
  std::vector<std::string_view> names = {"help"};
  for (const Command& command : kCommands) {
    if (!command.hidden) names.emplace_back(command.name);
  }
  const auto close = config::suggestion(word, names);
  return make_error(ErrorKind::kUsage,
                    "There is no command \"{}\"{}\n{}",
                    word,
                    close ? fmt::format("; did you mean \"{}\"?", *close) : "",
                    usage());
}

/// --root DIR and --root=DIR are kdumpctl's wherever they stand.
void give_root_back(std::vector<std::string>& taken, std::vector<std::string>& words) {
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const bool joined = taken[i].starts_with("--root=");
    if (!joined && taken[i] != "--root") continue;
    const auto first = taken.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last = joined || i + 1 == taken.size() ? first + 1 : first + 2;
    words.insert(words.end(), first, last);
    taken.erase(first, last);
    return;
  }
}

/// Takes what stands behind a verb with arguments of its own off the end.
std::vector<std::string> take_verb_arguments(std::vector<std::string>& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto verb = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& command) {
      return words[i] == command.name;
    });
    if (verb == kCommands.end() || words[i - 1] == "--root") continue;
    if (!verb->takes_arguments) break;
    const auto first = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    std::vector<std::string> taken(first, words.end());
    words.erase(first, words.end());
    give_root_back(taken, words);
    return taken;
  }
  return {};
}

/// CLI11 reports by exceptions; they end here.
Result<Options> parse_options(std::vector<std::string> arguments) {
  Options options;
  options.arguments = take_verb_arguments(arguments);
  CLI::App app("Keeps a second kernel loaded that saves the memory of a crashed one.", "kdumpctl");
  app.allow_extras();
  app.fallthrough();
  app.require_subcommand(0, 1);  // a second verb is an argument too many
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag(
      "-V,--version", "kdumpctl " KDUMP_TOOLKIT_VERSION, "Print the version and exit");
  app.add_flag("-d,--debug", options.debug, "Say what is done and why, in full");
  app.add_option("--root", options.root, "Take the host's files from below this folder")
      ->type_name("DIR")
      ->group("");  // for tests
  for (const Command& command : kCommands) {
    app.add_subcommand(command.name, command.summary)
        ->group(command.hidden ? "" : "Commands")
        ->callback([&options, &command] { options.command = &command; });
  }
  bool help = false;
  app.add_subcommand("help", "Print this help and exit")->group("Commands")->callback([&help] {
    help = true;
  });
  const std::string help_text = app.help();
  std::vector<std::string> words(arguments.rbegin(), std::prev(arguments.rend()));
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    help = true;
  } catch (const CLI::CallForVersion& version) {
    options.text = std::string(version.what()) + "\n";
    return options;
  } catch (const CLI::ParseError& error) {
    return make_error(ErrorKind::kUsage, "{}\n{}", error.what(), usage());
  }
  if (help) {
    options.text = help_text;
    return options;
  }
  const auto extras = app.remaining(true);
  if (!extras.empty()) return not_understood(options, extras.front());
  if (options.command == nullptr) return make_error(ErrorKind::kUsage, "{}", usage());
  return options;
}

/// Its other names: what Debian's kexec-tools have, and PID 1 of `test --qemu`'s machine, to which
/// the kernel hands words of its command line.
std::vector<std::string> as_kdumpctl(std::vector<std::string> arguments) {
  const std::string name =
      arguments.empty() ? "" : std::filesystem::path(arguments.front()).filename().string();
  if (name == "coldreboot") arguments.insert(arguments.begin() + 1, "cold-reboot");
  if (name == "init" && ::getpid() == 1) return {arguments.front(), "_crash-as-init"};
  return arguments;
}

/// With the levels of /etc/sysconfig/kdump; a file that cannot be read or understood is the verbs'
/// to complain about.
Log make_log(const SysRoot& root, bool debug) {
  const auto checked = config::load_sysconfig(root);
  const config::Sysconfig sysconfig = checked ? checked->settings : config::Sysconfig{};
  Log log("kdump", debug ? LogLevel::kDebug : static_cast<LogLevel>(sysconfig.stderr_log_level));
  if (!root.is_host()) return log;
  add_syslog(log, static_cast<LogLevel>(sysconfig.syslog_level));
  add_kernel_log(log, static_cast<LogLevel>(sysconfig.kmsg_log_level));
  return log;
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

Status check_is_root(const Context& context, std::string_view verb) {
  if (!context.root.is_host() || ::geteuid() == 0) return {};
  return make_error(ErrorKind::kUsage, "kdumpctl {} must be run as root", verb);
}

Result<ServiceLock> take_service_lock(const Context& context, std::string_view verb) {
  TRY(check_is_root(context, verb));
  return ServiceLock::take(context.root, context.log, kLockDeadline);
}

Result<int> run_command(const Command& command, const Context& context) {
  if (!command.changes_state) return command.run(context);
  const ServiceLock lock = TRY(take_service_lock(context, command.name));
  return command.run(context);
}

Result<int> run_kdumpctl(const std::vector<std::string>& arguments) {
  Options options = TRY(parse_options(as_kdumpctl(arguments)));
  if (options.text) {
    TRY(write_all(STDOUT_FILENO, *options.text));
    return kExitOk;
  }
  const SysRoot root(options.root);
  RunningHost actions(root);
  const Context context{root, make_log(root, options.debug), actions, std::move(options.arguments)};
  return run_command(*options.command, context);
}

}  // namespace kdump::ctl
