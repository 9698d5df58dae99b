// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/capture_kernel.h"
#include "kdumpctl/context.h"
#include "kdumpctl/early_copy.h"
#include "kdumpctl/settings.h"

#include <string>

namespace kdump::ctl {

enum class ImagePolicy {
  kBuildWhenNeeded,
  kAsItIs,  ///< one that is absent is an error
};

/// Feasibility and configuration, with every finding reported.
Result<Settings> check_host_and_settings(const Context& context);

/// Builds the image in its place, saying so; the error ends with kdump-utils' message.
Status build_image(const Context& context, const Settings& settings, const CaptureKernel& target);

/// Image, plan, load; all of what can fail without the loaded panic kernel being touched comes
/// first. Reports each step and "Starting kdump: [OK]" or "[FAILED]"; returns the exit code.
/// `append`: for this panic kernel's command line alone.
int arm(const Context& context,
        const Settings& settings,
        ImagePolicy policy,
        const std::string& append = "");

/// The image, built if it must be, with kdump-utils' messages about why.
Status provide_image(const Context& context,
                     const Settings& settings,
                     const CaptureKernel& target,
                     ImagePolicy policy);

/// From an initramfs, before there is any disk: loads the files of that copy as they are, reports
/// as arm() does, and returns the exit code.
int arm_early(const Context& context, const EarlyCopy& copy);

/// Reports the error, what is loaded all the same, and "Starting kdump: [FAILED]"; returns the exit
/// code.
int start_failed(const Context& context, const Error& error);

/// For a host whose configuration has errors, which are reported: a loaded panic kernel stays;
/// where none is, the image that is there is loaded, by the files that can be used and defaults for
/// the others. A failure in any case.
int start_without_settings(const Context& context, const Error& error);

}  // namespace kdump::ctl
