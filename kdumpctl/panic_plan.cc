// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/panic_plan.h"

#include "base/text.h"
#include "kdumpctl/armed_state.h"
#include "kdumpctl/crypttab.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kdump::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Decision = RebuildDecision::Kind;

std::string image_state(const RebuildDecision& image) {
  switch (image.kind) {
    case Decision::kCurrent:
      return "current";
    case Decision::kForced:
      return "would be built again: force_rebuild is set";
    case Decision::kMissing:
      return "does not exist";
    case Decision::kStale:
      break;
  }
  return fmt::format("would be built again: {}", fmt::join(image.changes(), ", "));
}

std::string_view image_word(Decision kind) {
  switch (kind) {
    case Decision::kCurrent:
      return "current";
    case Decision::kForced:
      return "forced";
    case Decision::kMissing:
      return "missing";
    case Decision::kStale:
      break;
  }
  return "stale";
}

bool removes(const CmdlineChange& change) { return change.kind == CmdlineChange::Kind::kRemoved; }

std::string_view segment_word(kexec::CoreSegment::Kind kind) {
  using Kind = kexec::CoreSegment::Kind;
  switch (kind) {
    case Kind::kCpuNote:
      return "cpu-note";
    case Kind::kVmcoreinfo:
      return "vmcoreinfo";
    case Kind::kKernel:
      return "kernel";
    case Kind::kRam:
      break;
  }
  return "ram";
}

Json json_of(Range range) { return {{"start", range.start}, {"size", range.size()}}; }

Json json_of(const kexec::MemoryNeed& need) {
  return {{"total", need.total()},
          {"segments", need.segments},
          {"alignment", need.alignment},
          {"control_pages", need.control_pages},
          {"unpacked_initrd", need.unpacked_initrd},
          {"working_memory", need.working_memory}};
}

Json json_of(const PanicPlan& plan) {
  Json changes = Json::array();
  for (const CmdlineChange& change : plan.cmdline.changes) {
    changes.push_back({{"change", removes(change) ? "removed" : "added"},
                       {"text", change.text},
                       {"reason", change.reason}});
  }
  return {{"running", plan.running_cmdline},
          {"panic", plan.prepared.load.plan.command_line},
          {"changes", std::move(changes)}};
}

void add_layout(Json& out, const kexec::LoadPlan& plan) {
  out["entry"] = plan.entry.value();
  out["segments"] = Json::array();
  for (const kexec::Segment& segment : plan.segments) {
    out["segments"].push_back({{"name", segment.name},
                               {"start", segment.address.value()},
                               {"size", segment.memory_size},
                               {"bytes", segment.bytes.size()}});
  }
  out["e820"] = Json::array();
  for (const kexec::x86::E820Entry& entry : plan.e820) {
    Json item = json_of(entry.range);
    item["type"] = kexec::x86::to_string(entry.type);
    out["e820"].push_back(std::move(item));
  }
  out["usable"] = Json::array();
  for (const Range& range : plan.usable) out["usable"].push_back(json_of(range));
  out["vmcore"] = Json::array();
  for (const kexec::CoreSegment& segment : plan.header.segments) {
    out["vmcore"].push_back({{"kind", segment_word(segment.kind)},
                             {"start", segment.physical},
                             {"size", segment.size},
                             {"virtual", segment.virtual_address}});
  }
}

/// A target that is not there shows no volumes: the keys that the loaded panic kernel has for it
/// are handed on, and that is said.
std::vector<std::string> find_volume_keys(const SysRoot& root,
                                          const config::KdumpConfig& config,
                                          std::vector<std::string>& notes) {
  const auto found = encrypted_volumes(root, config);
  std::vector<std::string> volumes = found.value_or(std::vector<std::string>());
  if (targets_are_there(root, config)) return volumes;
  // A record that is damaged says nothing.
  const auto armed = read_armed_state(root).value_or(std::nullopt);
  if (!armed) return volumes;
  for (const std::string& uuid : armed->volume_keys) {
    if (std::find(volumes.begin(), volumes.end(), uuid) != volumes.end()) continue;
    notes.push_back(fmt::format(
        "A dump target is not there, so that nobody knows whether it is still encrypted: the panic "
        "kernel keeps the key of the volume {}",
        uuid));
    volumes.push_back(uuid);
  }
  return volumes;
}

}  // namespace

Result<PanicPlan> plan_panic(const Context& context,
                             const Settings& settings,
                             const CaptureKernel& target) {
  const CmdlineFacts facts = TRY(read_cmdline_facts(context.root));
  PanicPlan plan;
  plan.target = target;
  plan.running_cmdline = facts.running;
  plan.cmdline = panic_command_line(settings.sysconfig, facts);
  const auto volumes = find_volume_keys(context.root, settings.config, plan.notes);
  plan.prepared = TRY(context.actions.plan_load({.kernel_version = target.version,
                                                 .kernel = target.kernel,
                                                 .image = target.image,
                                                 .command_line = plan.cmdline.text,
                                                 .options = settings.kexec,
                                                 .volume_keys = volumes}));
  return plan;
}

std::string plan_text(const PanicPlan& plan, const RebuildDecision& image) {
  const kexec::SyscallChoice& choice = plan.prepared.load.choice;
  std::string out = fmt::format("version {}\nimage {}: {}\nsystem call {}: {}\n",
                                plan.target.version,
                                plan.target.image,
                                image_state(image),
                                to_string(choice.first),
                                choice.reason);
  out += fmt::format("command line of the running kernel\n  {}\n",
                     escape_control(plan.running_cmdline));
  for (const CmdlineChange& change : plan.cmdline.changes) {
    out += fmt::format(
        "  {} {} ({})\n", removes(change) ? '-' : '+', escape_control(change.text), change.reason);
  }
  return out + kexec::describe(plan.prepared.load.plan);
}

std::string plan_json(const PanicPlan& plan, const RebuildDecision& image) {
  const kexec::KernelLoad& load = plan.prepared.load;
  Json out = {{"version", plan.target.version},
              {"kernel", plan.target.kernel},
              {"image", plan.target.image},
              {"image_state", image_word(image.kind)},
              {"changed", image.changes()},
              {"syscall", to_string(load.choice.first)},
              {"reason", load.choice.reason},
              {"command_line", json_of(plan)},
              {"reserved", json_of(load.plan.region)}};
  if (load.plan.low_region) out["reserved_low"] = json_of(*load.plan.low_region);
  out["need"] = json_of(load.plan.need);
  out["hotplug"] = load.plan.hotplug;
  add_layout(out, load.plan);
  // What the boot loader passed need not be UTF-8.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kdump::ctl
