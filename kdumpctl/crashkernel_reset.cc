// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/crashkernel_reset.h"

#include "base/text.h"
#include "config/kernel_cmdline.h"
#include "kdumpctl/boot/boot_menu.h"
#include "kdumpctl/crashkernel_record.h"
#include "kdumpctl/kdump_unit.h"
#include "kdumpctl/output.h"
#include "kdumpctl/settings.h"

#include <algorithm>
#include <array>

namespace kdump::ctl {
namespace {

using boot::ArgumentFile;

/// Where one of these programs is; "" for nowhere.
std::string program_on(const SysRoot& root, const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (root.exists(folder + name)) return folder + name;
  }
  return {};
}

bool is_wanted(const CrashkernelPlace& place,
               const CrashkernelReset& reset,
               const CrashkernelRecord& record) {
  const bool meant = place.kind == ArgumentFile::kBlsEntry ? is_entry_of(place, reset.kernel)
                                                           : reset.later_kernels;
  if (!meant || place.value == reset.value) return false;
  if (!reset.only_ours) return true;
  return place.value ? record.is_ours(*place.value) : reset.where_absent;
}

/// Linked boot entries go through grubby, where it is: it knows what else depends on them.
Status change_entry(const Context& context,
                    const CrashkernelPlace& place,
                    const std::string& text,
                    const std::string& value) {
  const std::string grubby = program_on(context.root, "grubby");
  if (grubby.empty() || place.kind != ArgumentFile::kBlsEntry) {
    return rewrite(context.root, place, text);
  }
  // grubby wants the path on the host, of which the entry holds the end.
  const std::string kernel =
      context.root.exists(place.kernel) ? place.kernel : "/boot" + place.kernel;
  std::string arguments;
  for (const std::string_view part : split_words(value)) {
    arguments += fmt::format("{}crashkernel={}", arguments.empty() ? "" : " ", part);
  }
  return context.actions.run({grubby, "--update-kernel=" + kernel, "--args=" + arguments});
}

Result<std::size_t> change_places(const Context& context,
                                  const CrashkernelReset& reset,
                                  const CrashkernelRecord& record,
                                  const std::vector<CrashkernelPlace>& places,
                                  bool& grub_changed) {
  std::size_t changes = 0;
  for (const CrashkernelPlace& place : places) {
    if (!is_wanted(place, reset, record)) continue;
    const auto text = boot::with_crashkernel(place.text, place.kind, reset.value);
    if (!text) {
      context.log.warning("{}: cannot tell where parameters end; add crashkernel={} by hand",
                          context.root.path(place.path),
                          reset.value);
      continue;
    }
    ++changes;
    if (reset.dry_run) {
      TRY(print_text(boot::line_difference(context.root.path(place.path), place.text, *text)));
      continue;
    }
    TRY(change_entry(context, place, *text, reset.value));
    grub_changed = grub_changed || place.kind == ArgumentFile::kGrubDefault;
    context.log.info("Updated crashkernel={} for {}{}.",
                     reset.value,
                     place.kernel.empty() ? "" : "kernel=",
                     place.kernel.empty() ? context.root.path(place.path) : place.kernel);
  }
  return changes;
}

/// grub.cfg is made of /etc/default/grub.
Status make_grub_menu(const Context& context) {
  if (const std::string update = program_on(context.root, "update-grub"); !update.empty()) {
    return context.actions.run({update});
  }
  const std::string make = program_on(context.root, "grub2-mkconfig");
  constexpr const char* kMenu = "/boot/grub2/grub.cfg";
  if (!make.empty() && context.root.exists(kMenu)) return context.actions.run({make, "-o", kMenu});
  context.log.warning("Have the boot loader's menu made anew from /etc/default/grub");
  return {};
}

Result<std::size_t> reset_ostree(const Context& context, const CrashkernelReset& reset) {
  const auto running = TRY(running_crashkernel(context.root));
  if (running == reset.value) return std::size_t{0};
  const auto record = TRY(CrashkernelRecord::read(context.root));
  if (reset.only_ours && !(running && record.is_ours(*running))) return std::size_t{0};
  if (reset.kernel_was_named && !reset.kernel.all) {
    context.log.warning("--kernel has no meaning on an ostree host: all its deployments change");
  }
  std::vector<std::string> argv = {"rpm-ostree", "kargs"};
  for (const std::string_view value : split_words(running.value_or(""))) {
    argv.push_back(fmt::format("--delete-if-present=crashkernel={}", value));
  }
  argv.push_back("--append=crashkernel=" + reset.value);
  if (reset.dry_run) {
    TRY(print_text(fmt::format("{}\n", fmt::join(argv, " "))));
  } else {
    TRY(context.actions.run(argv));
    context.log.info("Updated crashkernel={} for the next deployment.", reset.value);
  }
  return std::size_t{1};
}

Status check_there_is_one(const std::vector<CrashkernelPlace>& places,
                          const CrashkernelReset& reset) {
  const auto meant = [&reset](const CrashkernelPlace& place) {
    return is_entry_of(place, reset.kernel) ||
           (reset.later_kernels && place.kind != ArgumentFile::kBlsEntry);
  };
  if (std::any_of(places.begin(), places.end(), meant)) return {};
  return make_error(ErrorKind::kNotFound,
                    "there is no boot entry for kernel {}, and no /etc/default/grub or "
                    "/etc/kernel/cmdline to change: add crashkernel={} to the boot loader's "
                    "configuration by hand",
                    reset.kernel.all ? "ALL" : escape_control(reset.kernel.wanted),
                    reset.value);
}

}  // namespace

Result<std::size_t> reset_crashkernel(const Context& context, const CrashkernelReset& reset) {
  CrashkernelRecord record = TRY(CrashkernelRecord::read(context.root));
  std::size_t changes = 0;
  if (context.root.exists("/run/ostree-booted")) {
    changes = TRY(reset_ostree(context, reset));
  } else {
    const CrashkernelPlaces found = TRY(find_crashkernel_places(context.root));
    for (const std::string& note : found.notes) context.log.warning("{}", note);
    if (!reset.only_ours) TRY(check_there_is_one(found.places, reset));
    bool grub_changed = false;
    changes = TRY(change_places(context, reset, record, found.places, grub_changed));
    // Where there are boot entries, the file is for those that are to come.
    const bool has_entries =
        std::any_of(found.places.begin(), found.places.end(), [](const CrashkernelPlace& place) {
          return place.kind == ArgumentFile::kBlsEntry;
        });
    if (grub_changed && !has_entries) TRY(make_grub_menu(context));
  }
  if (changes == 0 || reset.dry_run) return changes;
  TRY(record.add(context.root, reset.value));
  if (context.root.exists("/etc/zipl.conf")) TRY(context.actions.run({"zipl"}));
  return changes;
}

Result<KernelChoice> choose_kernel(const SysRoot& root, const std::string& wish) {
  if (wish == "ALL") return KernelChoice{.all = true, .wanted = {}};
  if (wish == "DEFAULT") {
    const boot::BootMenu menu = TRY(boot::read_boot_menu(root));
    if (menu.default_entry >= menu.entries.size()) {
      return make_error(ErrorKind::kNotFound, "the boot loader has no default entry");
    }
    const boot::BootEntry& entry = menu.entries[menu.default_entry];
    return KernelChoice{.wanted = entry.kernel};
  }
  if (!wish.empty()) return KernelChoice{.wanted = wish};
  const auto sysconfig = TRY(config::load_sysconfig(root));
  if (!sysconfig.settings.kernel_version.empty()) {
    return KernelChoice{.wanted = sysconfig.settings.kernel_version};
  }
  return KernelChoice{.wanted = TRY(root.read_value("/proc/sys/kernel/osrelease"))};
}

Result<bool> may_reset_by_itself(const Context& context) {
  const CheckedSettings settings = read_settings(context.root);
  if (!settings.conf) return settings.conf.error();
  return settings.conf->config.auto_reset_crashkernel && is_unit_enabled(context.root);
}

Result<std::optional<std::string>> running_crashkernel(const SysRoot& root) {
  const auto line = config::KernelCommandLine::parse(TRY(root.read("/proc/cmdline")));
  std::vector<std::string> values;
  for (const config::CmdlineParameter& parameter : line.parameters()) {
    if (parameter.name == "crashkernel" && parameter.value) values.push_back(*parameter.value);
  }
  if (values.empty()) return std::optional<std::string>();
  return std::optional(fmt::format("{}", fmt::join(values, " ")));
}

}  // namespace kdump::ctl
