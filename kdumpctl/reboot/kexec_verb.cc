// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "base/text.h"
#include "kdumpctl/command.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/reboot/departure.h"
#include "kdumpctl/reboot/loaded_kernel.h"
#include "kdumpctl/reboot/service_steps.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/reboot/verbs.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace kdump::ctl::reboot {
namespace {

/// As `kdumpctl status`.
constexpr int kExitNotLoaded = 3;

Status print_json(const nlohmann::json& json) {
  using Handler = nlohmann::json::error_handler_t;
  return write_all(STDOUT_FILENO, json.dump(2, ' ', false, Handler::replace) + "\n");
}

Result<int> load(const Context& context,
                 RebootActions& actions,
                 const NextKernelWishes& wishes,
                 bool dry_run) {
  if (!dry_run) TRY(check_is_root(context, "kexec load"));
  const NextKernel next = TRY(choose_next_kernel(context.root, wishes));
  for (const std::string& warning : next.warnings) context.log.warning("{}", warning);
  for (const CmdlineChange& change : next.changes) {
    context.log.debug("command line: without {} ({})", change.text, change.reason);
  }
  context.log.info("command line: {}", escape_control(next.command_line));
  if (dry_run) {
    TRY(write_all(STDOUT_FILENO, TRY(actions.plan(next)) + "\n"));
    return kExitOk;
  }
  TRY(load_next(context, actions, next));
  return kExitOk;
}

Result<int> unload(const Context& context, RebootActions& actions) {
  const ServiceLock lock = TRY(take_service_lock(context, "kexec unload"));
  TRY(actions.unload());
  TRY(clear_course(context.root, Course::kJump));
  TRY(forget_loaded_kernel(context.root));
  context.log.info("no kernel is loaded for a fast reboot");
  return kExitOk;
}

Result<int> status(const Context& context, bool json) {
  const bool loaded = TRY(kexec::is_loaded(kexec::LoadKind::kReboot, context.root));
  const auto known = loaded ? read_loaded_kernel(context.root) : std::nullopt;
  if (json) {
    nlohmann::json out = {{"loaded", loaded}};
    if (known) {
      out.update({{"kernel", known->kernel},
                  {"initrds", known->initrds},
                  {"command_line", known->command_line},
                  {"origin", known->origin},
                  {"system_call", known->system_call}});
    }
    TRY(print_json(out));
  } else if (!loaded) {
    context.log.info("No kernel is loaded for a fast reboot");
  } else if (!known) {
    context.log.info("A kernel is loaded for a fast reboot, but not by kdumpctl");
  } else {
    context.log.info("{} is loaded for a fast reboot", escape_control(known->kernel));
    context.log.info("initrd: {}",
                     escape_control(fmt::format("{}", fmt::join(known->initrds, ", "))));
    context.log.info("command line: {}", escape_control(known->command_line));
    context.log.info("chosen by: {}", escape_control(known->origin));
  }
  return loaded ? kExitOk : kExitNotLoaded;
}

nlohmann::json to_json(const boot::BootEntry& entry, bool is_default) {
  return {{"id", entry.id},
          {"title", entry.title},
          {"default", is_default},
          {"kernel", entry.kernel},
          {"initrds", entry.initrds},
          {"command_line", entry.command_line},
          {"version", entry.version},
          {"source", entry.source},
          {"problem", entry.problem}};
}

std::string to_text(const boot::BootEntry& entry, bool is_default) {
  std::string text = fmt::format("{} {}\n", is_default ? "*" : " ", escape_control(entry.id));
  const auto row = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("    {:<13}{}\n", name, escape_control(value));
  };
  row("title", entry.title);
  row("kernel", entry.kernel);
  row("initrd", fmt::format("{}", fmt::join(entry.initrds, " ")));
  row("command line", entry.command_line);
  row("from", entry.source);
  row("not loadable", entry.problem);
  return text;
}

Result<int> list(const Context& context, bool json) {
  const boot::BootMenu menu = TRY(boot::read_boot_menu(context.root));
  nlohmann::json entries = nlohmann::json::array();
  std::string text;
  for (std::size_t i = 0; i < menu.entries.size(); ++i) {
    const bool is_default = i == menu.default_entry;
    entries.push_back(to_json(menu.entries[i], is_default));
    text += to_text(menu.entries[i], is_default);
  }
  if (json) {
    TRY(print_json({{"loader", menu.loader},
                    {"default_reason", menu.default_reason},
                    {"warnings", menu.warnings},
                    {"entries", entries}}));
    return kExitOk;
  }
  for (const std::string& warning : menu.warnings) context.log.warning("{}", warning);
  text += fmt::format("* boots next: {}\n", escape_control(menu.default_reason));
  TRY(write_all(STDOUT_FILENO, text));
  return kExitOk;
}

}  // namespace

Result<int> run_kexec(const Context& context, RebootActions& actions) {
  NextKernelWishes wishes;
  bool dry_run = false;
  bool json = false;
  CLI::App app("Loads a kernel to reboot into without the firmware.", "kdumpctl kexec");
  app.require_subcommand(1);
  auto* load_verb =
      app.add_subcommand("load", "Load what the boot loader would boot next, or this");
  add_kernel_options(*load_verb, wishes);
  load_verb->add_flag("-n,--dry-run", dry_run, "Check it and say what would be loaded where");
  auto* unload_verb = app.add_subcommand("unload", "Unload it");
  auto* status_verb = app.add_subcommand("status", "Say what is loaded: exit code 0 or 3");
  auto* list_verb = app.add_subcommand("list", "List the boot entries; * marks what boots next");
  for (auto* verb : {status_verb, list_verb}) verb->add_flag("--json", json, "As JSON");
  // For kdump-fast-reboot.service alone.
  auto* arrive_verb = app.add_subcommand("arrive", "Note that this boot came up")->group("");
  auto* depart_verb =
      app.add_subcommand("depart", "At a reboot: load what is configured")->group("");
  auto* jump_verb = app.add_subcommand("jump", "At its end: jump")->group("");
  if (!TRY(parse_verb(app, context.arguments))) return kExitOk;

  if (load_verb->parsed()) return load(context, actions, wishes, dry_run);
  if (unload_verb->parsed()) return unload(context, actions);
  if (status_verb->parsed()) return status(context, json);
  if (list_verb->parsed()) return list(context, json);
  if (arrive_verb->parsed()) return arrive(context);
  if (depart_verb->parsed()) return depart(context, actions);
  if (jump_verb->parsed()) return jump(context, actions);
  return make_error(ErrorKind::kUsage, "See kdumpctl kexec --help");
}

}  // namespace kdump::ctl::reboot
