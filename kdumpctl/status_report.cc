// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/status_report.h"

#include "base/text.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/settings.h"

#include <nlohmann/json.hpp>

namespace kdump::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Kind = RebuildDecision::Kind;

/// The value, or a problem and nothing.
template <typename T>
std::optional<T> known(Result<T> result, StatusReport& status) {
  if (result) return std::move(*result);
  status.problems.push_back(result.error().message);
  return std::nullopt;
}

void read_armed(const SysRoot& root, StatusReport& status) {
  if (!status.operational) return;
  const auto state = known(read_armed_state(root), status);
  if (!state || !*state) return;
  status.armed = **state;
  for (const FileRecord& file : {status.armed->kernel, status.armed->image}) {
    if (has_changed(root, file)) status.changed_files.push_back(file.path);
  }
}

void read_image(const SysRoot& root, const CheckedSettings& settings, StatusReport& status) {
  const auto target = known(find_capture_kernel(root, settings.sysconfig->settings), status);
  if (!target) return;
  status.image = known(
      check_rebuild(root, settings.conf->config, settings.sysconfig->settings, *target), status);
  if (auto early = known(early_state(root, *target), status)) status.early = std::move(*early);
}

std::string_view image_word(const RebuildDecision& image) {
  switch (image.kind) {
    case Kind::kCurrent:
      return "current";
    case Kind::kMissing:
      return "missing";
    case Kind::kForced:
      return "forced";
    case Kind::kStale:
      break;
  }
  return "stale";
}

void report_loaded(const Context& context, const StatusReport& status) {
  if (!status.armed) {
    context.log.info("It was loaded by another program than kdumpctl");
    return;
  }
  const ArmedState& armed = *status.armed;
  context.log.info("Loaded: {} with {} ({}){}",
                   armed.kernel.path,
                   armed.image.path,
                   to_string(armed.syscall),
                   armed.early ? ", by the initramfs" : "");
  for (const std::string& path : status.changed_files) {
    context.log.warning("{} has changed since it was loaded. Run \"kdumpctl reload\"", path);
  }
  if (armed.need_bytes == 0) return;
  context.log.info("Memory: {} needed, {} reserved",
                   format_size(armed.need_bytes),
                   format_size(status.reserved_bytes));
}

void report_image(const Context& context, const RebuildDecision& image, bool why) {
  if (image.kind == Kind::kStale) {
    const auto changes = image.changes();
    context.log.warning("The capture image is out of date ({} changes). Run \"kdumpctl restart\"",
                        changes.size());
    for (const std::string& change : changes) {
      if (why) context.log.warning("Changed: {}", change);
    }
  } else if (image.kind == Kind::kMissing) {
    context.log.warning("There is no capture image. Run \"kdumpctl restart\"");
  } else if (why) {
    context.log.info("The capture image is current");
  }
}

void report_early(const Context& context, const EarlyState& early) {
  if (early.kind == EarlyState::Kind::kCurrent) {
    context.log.info("Early kdump: {}", text_of(early));
  } else {
    context.log.warning("Early kdump: {}. {}", text_of(early), early.remedy);
  }
}

Json json_of(const TargetCheck& check) {
  return {{"verdict", to_string(check.verdict)},
          {"text", check.text},
          {"remedy", check.remedy},
          {"checked", check.checked}};
}

Json json_of(const LastCapture& last) {
  return {{"date", last.dump.date},
          {"folder", last.dump.folder},
          {"vmcore", last.dump.vmcore},
          {"complete", last.dump.readable ? Json(last.dump.complete) : Json()},
          {"size", last.dump.size},
          {"panic", last.report.panic}};
}

void metric(std::string& out, std::string_view name, std::string_view help, std::int64_t value) {
  out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
}

}  // namespace

Result<StatusReport> read_status(const SysRoot& root) {
  StatusReport status;
  const auto loaded = kexec::crash_loaded(root);
  // A kernel without kexec has no such attribute, and nothing loaded.
  if (!loaded && loaded.error().kind != ErrorKind::kNotFound) return loaded.error();
  status.operational = loaded && *loaded;
  status.reserved_bytes = kexec::crash_size(root).value_or(0);
  read_armed(root, status);
  if (auto target = known(last_target_check(root), status)) status.target = std::move(*target);
  if (auto test = known(read_creation_test(root), status)) status.test = std::move(*test);
  const CheckedSettings settings = read_settings(root);
  if (settings.has_errors()) {
    status.problems.push_back(!settings.conf ? settings.conf.error().message
                                             : "the configuration has errors; see \"kdumpctl "
                                               "config check\"");
    return status;
  }
  status.wants_test_reminder = settings.sysconfig->settings.vmcore_creation_notification;
  read_image(root, settings, status);
  if (auto last = known(last_capture(root, settings.conf->config), status)) {
    status.capture = std::move(*last);
  }
  return status;
}

void report_status(const Context& context, const StatusReport& status, bool why) {
  if (status.operational) report_loaded(context, status);
  if (status.image && (status.operational || why)) report_image(context, *status.image, why);
  if (status.early) report_early(context, *status.early);
  if (status.target && status.target->verdict == TargetCheck::Verdict::kBad) {
    context.log.warning("The dump target: {}. {}", status.target->text, status.target->remedy);
  } else if (status.target && status.operational) {
    context.log.info("Dump target: {}", status.target->text);
  }
  if (status.capture && (status.capture->dump.complete || !status.capture->dump.readable)) {
    context.log.info("{}", summary_of(*status.capture));
  } else if (status.capture) {
    context.log.warning("{}", summary_of(*status.capture));
  }
  for (const std::string& problem : status.problems) {
    if (status.operational || why) context.log.warning("{}", problem);
  }
  if (status.wants_test_reminder) report_creation_test(context, status.test);
}

Json status_json(const StatusReport& status) {
  Json out = {{"operational", status.operational}, {"reserved_bytes", status.reserved_bytes}};
  out["loaded"] = nullptr;
  if (status.armed) {
    out["loaded"] = {{"kernel_version", status.armed->kernel_version},
                     {"kernel", status.armed->kernel.path},
                     {"image", status.armed->image.path},
                     {"syscall", to_string(status.armed->syscall)},
                     {"by_initramfs", status.armed->early},
                     {"need_bytes", status.armed->need_bytes},
                     {"changed_since", status.changed_files}};
  }
  out["image"] = nullptr;
  if (status.image) {
    out["image"] = {{"state", image_word(*status.image)}, {"changes", status.image->changes()}};
  }
  out["early"] = nullptr;
  if (status.early) {
    out["early"] = {{"state", to_string(status.early->kind)}, {"changes", status.early->changed}};
  }
  out["target"] = status.target ? json_of(*status.target) : Json();
  out["last_capture"] = status.capture ? json_of(*status.capture) : Json();
  out["last_test"] = {{"result", to_string(status.test.result)}, {"started", status.test.started}};
  out["problems"] = status.problems;
  return out;
}

std::string status_metrics(const StatusReport& status) {
  std::string out;
  metric(out, "kdump_operational", "A panic kernel is loaded.", status.operational ? 1 : 0);
  metric(out,
         "kdump_reserved_bytes",
         "Memory reserved by crashkernel=.",
         static_cast<std::int64_t>(status.reserved_bytes));
  if (status.armed) {
    metric(out,
           "kdump_needed_bytes",
           "Memory that the loaded panic kernel needs.",
           static_cast<std::int64_t>(status.armed->need_bytes));
  }
  if (status.image) {
    metric(out, "kdump_image_current", "The capture image is current.", !status.image->rebuild());
  }
  if (status.early) {
    metric(out,
           "kdump_early_current",
           "The initramfs holds what is loaded now.",
           status.early->kind == EarlyState::Kind::kCurrent ? 1 : 0);
  }
  if (status.target && status.target->verdict != TargetCheck::Verdict::kUnknown) {
    metric(out,
           "kdump_target_ok",
           "The dump target could be written to when last checked.",
           status.target->verdict == TargetCheck::Verdict::kGood ? 1 : 0);
  }
  if (status.capture && status.capture->dump.readable) {
    metric(out,
           "kdump_last_capture_complete",
           "The last capture saved a whole vmcore.",
           status.capture->dump.complete ? 1 : 0);
    if (status.capture->dump.saved != 0) {
      metric(out,
             "kdump_last_capture_timestamp_seconds",
             "When its vmcore was written.",
             status.capture->dump.saved);
    }
  }
  if (status.test.result != CreationTest::Result::kNone) {
    metric(out,
           "kdump_last_test_success",
           "The last kdumpctl test saved a vmcore.",
           status.test.result == CreationTest::Result::kSuccess ? 1 : 0);
    metric(out, "kdump_last_test_timestamp_seconds", "When it was started.", status.test.started);
  }
  return out;
}

}  // namespace kdump::ctl
