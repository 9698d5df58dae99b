// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/default_crashkernel.h"
#include "kdumpctl/reboot/verb_options.h"

#include <unistd.h>

namespace kdump::ctl::commands {

/// On standard output, without a newline: scripts paste it.
Result<int> get_default_crashkernel(const Context& context) {
  std::string mode;
  CLI::App app("Prints the value of crashkernel= that is the default for this host.",
               "kdumpctl get-default-crashkernel");
  app.add_option("MODE", mode, "kdump; fadump, firmware-assisted dump, is for POWER machines only")
      ->check(CLI::IsMember({"kdump", "fadump"}));
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  if (mode == "fadump") {
    return make_error(ErrorKind::kUnsupported, "fadump is for POWER machines only");
  }
  const CrashkernelFacts facts = TRY(read_crashkernel_facts(context.root));
  TRY(write_all(STDOUT_FILENO, TRY(default_crashkernel(facts))));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
