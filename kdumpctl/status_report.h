// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/armed_state.h"
#include "kdumpctl/context.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/early_copy.h"
#include "kdumpctl/last_capture.h"
#include "kdumpctl/rebuild_check.h"
#include "kdumpctl/target_check.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// What monitoring wants to know, read without a lock and without waiting for a disk.
struct StatusReport {
  bool operational = false;
  std::optional<ArmedState> armed{};         ///< nothing: loaded by another program, or not at all
  std::vector<std::string> changed_files{};  ///< of what is loaded, since it was
  std::uint64_t reserved_bytes = 0;          ///< 0 too when the kernel has no kexec
  std::optional<RebuildDecision> image{};    ///< nothing when it cannot be told
  std::optional<EarlyState> early{};         ///< nothing without rd.earlykdump
  std::optional<TargetCheck> target{};
  std::optional<LastCapture> capture{};
  CreationTest test{};
  bool wants_test_reminder = true;      ///< VMCORE_CREATION_NOTIFICATION
  std::vector<std::string> problems{};  ///< what could not be found out, and why
};

/// An error only when the kernel does not say whether something is loaded.
Result<StatusReport> read_status(const SysRoot& root);

/// Messages behind the first one, as far as there is something to say. `why`: each change.
void report_status(const Context& context, const StatusReport& status, bool why);

[[nodiscard]] nlohmann::ordered_json status_json(const StatusReport& status);

/// The text format of Prometheus, for node_exporter's textfile collector.
[[nodiscard]] std::string status_metrics(const StatusReport& status);

}  // namespace kdump::ctl
