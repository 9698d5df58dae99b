// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/extra_files.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

struct CollectorCommand {
  std::vector<std::string> argv;        ///< in the image, without input and output
  std::vector<WantedProgram> programs;  ///< what has to come into the image for it
  std::vector<std::string> warnings;
};

/// kdump.conf's core_collector -> what runs in the image. No words: the native collector with its
/// defaults. makedumpfile's words run in the collector, which speaks them; -F is left out, since
/// the agent adds it where the target takes a stream. cp, cat, dd and scp mean "the vmcore as it
/// is": the collector writes an unfiltered ELF file, so none of them is needed and their options
/// have no meaning; one that would cut the dump is kUsage. Any other command comes into the image
/// and gets the vmcore and, where the target is a file system, the dump's name as arguments; one
/// that is not on the host is kNotFound.
Result<CollectorCommand> plan_collector(const SysRoot& root,
                                        const std::vector<std::string>& core_collector);

/// Asks the collector itself (a program of this host) whether it takes these words, before the
/// machine depends on it. Its own message goes to standard error; the error is kdump-utils'
/// "makedumpfile parameter check failed." Other commands are not run.
Status check_collector(const std::string& program, const std::vector<std::string>& argv);

}  // namespace kdump::mkdumprd
