// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "base/io.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/panic_plan.h"
#include "kdumpctl/reboot/verb_options.h"

#include <unistd.h>

namespace kdump::ctl::commands {

Result<int> plan(const Context& context) {
  bool json = false;
  CLI::App app("What start would load, where and why; changes nothing.", "kdumpctl plan");
  app.add_flag("--json", json, "As one JSON object, sizes in bytes");
  app.footer(
      "--root DIR: of the host whose /proc, /sys, /etc and /boot were copied to DIR; needs no "
      "privilege.");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  const Settings settings = TRY(load_settings(context.root, context.log));
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  for (const std::string& note : target.notes) context.log.warning("{}", note);
  const RebuildDecision image =
      TRY(check_rebuild(context.root, settings.config, settings.sysconfig, target));
  if (image.kind == RebuildDecision::Kind::kMissing) {
    return make_error(
        ErrorKind::kNotFound,
        "{} does not exist, so its size is unknown. Build it with \"kdumpctl rebuild\"",
        context.root.path(target.image));
  }
  const PanicPlan planned = TRY(plan_panic(context, settings, target));
  TRY(write_all(STDOUT_FILENO, json ? plan_json(planned, image) : plan_text(planned, image)));
  return kExitOk;
}

}  // namespace kdump::ctl::commands
