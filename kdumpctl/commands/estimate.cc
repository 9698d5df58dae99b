// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/exit_code.h"
#include "kdumpctl/command.h"
#include "kdumpctl/commands/commands.h"
#include "kdumpctl/memory_estimate.h"
#include "kdumpctl/output.h"
#include "kdumpctl/reboot/verb_options.h"
#include "kdumpctl/settings.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl::commands {
namespace {

using Json = nlohmann::ordered_json;
using Measure = MemoryEstimate::Measure;

std::uint64_t mib(std::uint64_t bytes) { return bytes >> 20U; }

/// Up: the parts are to add up to no more than what is recommended.
std::uint64_t whole_mib(std::uint64_t bytes) { return (bytes + (1U << 20U) - 1) >> 20U; }

/// The first lines are kdump-utils', to the letter: sos and scripts read them.
std::string text_of(const MemoryEstimate& estimate) {
  std::string out = fmt::format(
      "Reserved crashkernel:    {}M\n"
      "Recommended crashkernel: {}M\n\n"
      "Kernel image size:   {}M\n"
      "Kernel modules size: {}M\n"
      "Initramfs size:      {}M\n"
      "Runtime reservation: {}M\n",
      mib(estimate.reserved),
      mib(estimate.recommended()),
      whole_mib(estimate.kernel),
      whole_mib(estimate.modules),
      whole_mib(estimate.image),
      whole_mib(estimate.runtime + estimate.page_structs));
  out += "Large modules:";
  if (estimate.large_modules.empty()) out += " <none>";
  out += "\n";
  for (const LargeModule& module : estimate.large_modules) {
    out += fmt::format("    {}: {}\n", module.name, module.size);
  }
  out += fmt::format("Estimated from parts: {}M\n", whole_mib(estimate.parts()));
  if (!estimate.default_value.empty()) {
    out += fmt::format(
        "Default for such a host: {} ({}M)\n", estimate.default_value, mib(estimate.default_size));
  }
  if (estimate.measured_by == Measure::kCapture) {
    out += fmt::format(
        "Needed by the capture of {}: {}M\n", estimate.measured_at, whole_mib(estimate.measured));
  } else if (estimate.measured_by == Measure::kQemu) {
    out += fmt::format("Needed by the test in QEMU of {}, with all modules on top: {}M\n",
                       estimate.measured_at,
                       whole_mib(estimate.measured));
  }
  return out;
}

const char* name_of(Measure measure) {
  switch (measure) {
    case Measure::kCapture:
      return "capture";
    case Measure::kQemu:
      return "qemu";
    case Measure::kNone:
      break;
  }
  return "";
}

Json json_of(const MemoryEstimate& estimate) {
  const bool measured = estimate.measured_by != Measure::kNone;
  Json modules = Json::array();
  for (const LargeModule& module : estimate.large_modules) {
    modules.push_back({{"name", module.name}, {"size", module.size}});
  }
  return {{"reserved", estimate.reserved},
          {"recommended", estimate.recommended()},
          {"kernel", estimate.kernel},
          {"modules", estimate.modules},
          {"image", estimate.image},
          {"page_structs", estimate.page_structs},
          {"runtime", estimate.runtime},
          {"large_modules", std::move(modules)},
          {"parts", estimate.parts()},
          {"default", estimate.default_value},
          {"default_size", estimate.default_size},
          {"measured", measured ? Json(estimate.measured) : Json()},
          {"measured_at", estimate.measured_at},
          {"measured_by", name_of(estimate.measured_by)}};
}

}  // namespace

/// How large crashkernel= should be, and why. Builds nothing.
Result<int> estimate(const Context& context) {
  bool json = false;
  CLI::App app("Says how much memory should be reserved for the panic kernel, part by part.",
               "kdumpctl estimate");
  app.add_flag("--json", json, "As one JSON object, sizes in bytes");
  if (!TRY(reboot::parse_verb(app, context.arguments))) return kExitOk;
  TRY(check_is_root(context, "estimate"));
  const Settings settings = TRY(load_settings(context.root, context.log));
  const CaptureKernel target = TRY(find_capture_kernel(context.root, settings.sysconfig));
  const MemoryEstimate estimate = TRY(estimate_memory(context, settings.config, target));
  TRY(json ? print_json(json_of(estimate)) : print_text(text_of(estimate)));
  if (!json && estimate.reserved < estimate.recommended()) {
    TRY(print_text(
        fmt::format("WARNING: Current crashkernel size is lower than recommended size {}M.\n",
                    mib(estimate.recommended()))));
  }
  return kExitOk;
}

}  // namespace kdump::ctl::commands
