// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/spill_area.h"

#include "base/fd.h"
#include "capture/agent/free_device.h"
#include "capture/agent/load_modules.h"
#include "capture/agent/target_device.h"
#include "capture/agent/volumes.h"
#include "config/spill_area.h"

#include <fcntl.h>

namespace kdump::agent {

Result<std::string> leave_in_spill_area(const CaptureContext& context,
                                        std::string_view record,
                                        std::string_view dmesg) {
  const config::PlannedSpill& spill = context.plan.spill.value();
  load_modules(context, spill.target.modules);
  TRY(set_up_volumes(context, spill.target.volumes));
  const auto& raw = std::get<config::PlannedRaw>(spill.target.place);
  std::string device = TRY(wait_for_target_device(context, raw.device));
  TRY(check_free(context, "spill device", device));
  const std::string bytes = TRY(config::pack_spill_area(record, dmesg, spill.size));
  Fd fd = TRY(Fd::open(context.root.path(device), O_WRONLY | O_EXCL));
  TRY(config::write_spill_area(fd.raw(), bytes));
  TRY(fd.close());
  return device;
}

}  // namespace kdump::agent
