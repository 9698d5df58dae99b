// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/context.h"
#include "kdumpctl/reboot/fast_reboot_conf.h"
#include "kdumpctl/reboot/next_kernel.h"
#include "kdumpctl/reboot/reboot_actions.h"

#include <string>

namespace kdump::ctl::reboot {

/// Why this host must reboot through the firmware: it stands on the deny list, or its last fast
/// reboot did not come up (`retry`: never mind that). "" when it need not.
Result<std::string> reason_for_firmware(const Context& context,
                                        const FastRebootConf& conf,
                                        bool retry);

/// Reads the configuration and reports every finding; kUsage when one is an error.
Result<FastRebootConf> load_conf(const Context& context);

/// Loads under the service lock, remembers what, and says so.
Status load_next(const Context& context, RebootActions& actions, const NextKernel& next);

/// The last steps before the jump, which may be done twice: notes that the host leaves, clears the
/// boot loader's choice for one boot, has systemd arm the hardware watchdog. Only the first can
/// fail; the others are warnings.
Status prepare_departure(const Context& context,
                         RebootActions& actions,
                         const FastRebootConf& conf);

/// Unloads, sees to it that nothing is loaded again, and has systemd reboot through the firmware.
Status reboot_through_firmware(const Context& context, RebootActions& actions);

}  // namespace kdump::ctl::reboot
