// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/reboot/verb_options.h"

#include "base/io.h"

#include <unistd.h>

namespace kdump::ctl::reboot {

void add_kernel_options(CLI::App& app, NextKernelWishes& wishes) {
  app.add_option(
         "--kernel", wishes.kernel, "This kernel: a path, or a version as uname -r prints it")
      ->type_name("PATH|VERSION");
  app.add_option("--entry", wishes.entry, "This boot entry, by its id or title")->type_name("ID");
  app.add_option("--initrd,--ramdisk",
                 wishes.initrds,
                 "This initrd instead of the entry's; may be repeated; \"none\" for none")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--append,--command-line",
                 wishes.command_line,
                 "This command line, verbatim; with --reuse-cmdline: added to it")
      ->type_name("TEXT");
  app.add_flag("--reuse-cmdline", wishes.reuse_cmdline, "The running kernel's command line");
  // The last one counts, as with kexec(8).
  const auto add_syscall = [&](const char* names, kexec::SyscallWish wish, const char* help) {
    app.add_flag_function(
           names, [&wishes, wish](std::int64_t) { wishes.syscall = wish; }, help)
        ->trigger_on_parse();
  };
  add_syscall("-s,--kexec-file-syscall",
              kexec::SyscallWish::kFileLoad,
              "By kexec_file_load, where the kernel has it");
  add_syscall("-c,--kexec-syscall",
              kexec::SyscallWish::kLoad,
              "By kexec_load, where the kernel permits it");
  add_syscall("-a,--kexec-syscall-auto",
              kexec::SyscallWish::kAuto,
              "By kexec_load where kexec_file_load cannot (default)");
  app.add_flag("--keep-quiet", wishes.keep_quiet, "Leave rhgb and quiet on the command line");
}

Result<bool> parse_verb(CLI::App& app, const std::vector<std::string>& words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  const std::string help = app.help("", CLI::AppFormatMode::All);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    TRY(write_all(STDOUT_FILENO, help));
    return false;
  } catch (const CLI::ParseError& error) {
    return make_error(ErrorKind::kUsage, "{}\nSee {} --help", error.what(), app.get_name());
  }
  return true;
}

}  // namespace kdump::ctl::reboot
