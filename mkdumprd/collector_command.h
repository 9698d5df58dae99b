// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// kdump.conf's core_collector -> the collector's argv in the image, without input and output. No
/// words: the native collector with its defaults. makedumpfile's words run in the collector, which
/// speaks them; -F is left out, since a local file needs no flattening. Other commands are
/// kUnsupported.
Result<std::vector<std::string>> plan_collector(const std::vector<std::string>& core_collector);

/// Asks the collector itself (a program of this host) whether it takes these words, before the
/// machine depends on it. Its own message goes to standard error; the error is kdump-utils'
/// "makedumpfile parameter check failed."
Status check_collector(const std::string& program, const std::vector<std::string>& argv);

}  // namespace kdump::mkdumprd
