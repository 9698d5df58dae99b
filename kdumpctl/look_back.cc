// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/look_back.h"

#include "base/atomic_file.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/failure_import.h"
#include "kdumpctl/last_capture.h"
#include "kdumpctl/raw_import.h"
#include "kdumpctl/spill_import.h"

#include <filesystem>

namespace kdump::ctl {
namespace {

/// The folder of the capture that was reported last.
constexpr const char* kReported = "/var/lib/kdump/last-reported";

Status remember_reported(const SysRoot& root, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(root.path("/var/lib/kdump"), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path("/var/lib/kdump"));
  return write_file_atomically(root.path(kReported), 0644, folder + "\n");
}

Status report_last_capture(const Context& context, const Settings& settings) {
  const auto last = TRY(last_capture(context.root, settings.config));
  if (!last) return {};
  const bool is_news = context.root.read_value(kReported).value_or("") != last->dump.folder;
  if (!last->dump.complete) {
    // Until there is a better one.
    context.log.warning("{}", summary_of(*last));
  } else if (is_news) {
    context.log.info("{}", summary_of(*last));
  }
  if (is_news && !last->report.panic.empty()) context.log.info("It was: {}", last->report.panic);
  return is_news ? remember_reported(context.root, last->dump.folder) : Status();
}

}  // namespace

bool fetch_failures(const Context& context, const config::KdumpConfig& config) {
  bool found = false;
  // The spill area first: it has room for more of the same.
  for (const auto& told : {fetch_spill_area(context.root, config, kFailureFolder),
                           fetch_failure_record(context.root, kFailureFolder)}) {
    if (told && !*told) continue;
    context.log.warning("{}", told ? **told : told.error().message);
    found = true;
  }
  return found;
}

void look_back(const Context& context, const Settings& settings) {
  fetch_raw_dump(context, settings.config);
  if (const auto reported = report_last_capture(context, settings); !reported) {
    context.log.warning("{}", reported.error().message);
  }
  fetch_failures(context, settings.config);
  if (const auto settled = settle_creation_test(context.root, settings.config); !settled) {
    context.log.warning("{}", settled.error().message);
  }
}

}  // namespace kdump::ctl
