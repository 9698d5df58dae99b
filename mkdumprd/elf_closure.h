// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "mkdumprd/host_path.h"

#include <string>
#include <vector>

namespace kdump::mkdumprd {

/// A program or library and what the dynamic loader will be asked for on its behalf.
struct ElfObject {
  std::string file;         ///< on the host, free of links
  std::string interpreter;  ///< "" for libraries and static programs
  std::vector<std::string> needed;
  std::vector<std::string> search;  ///< its own DT_RUNPATH or DT_RPATH, $ORIGIN replaced
};

/// A library, or the loader, as the image has to hold it.
struct ClosureLibrary {
  HostPath host;
  std::string reason;  ///< "needed by kdump-agent"
};

struct ElfClosure {
  std::vector<ElfObject> objects;         ///< the programs first, then what they need
  std::vector<ClosureLibrary> libraries;  ///< every object but the programs
  /// For libraries outside the folders that the loader knows by itself: a link beside the C
  /// library, because the image has no loader cache.
  std::vector<HostLink> extra_links;
};

/// The programs' interpreters and the libraries they need, theirs, and so on. Found where ld.so(8)
/// finds them (run path, the folders of ld.so.conf, its own), with the program's ELF class and
/// machine. A program that is not ELF is kBadData; a library that is nowhere is kNotFound and the
/// message says who needs it.
Result<ElfClosure> close_libraries(const SysRoot& root, const std::vector<std::string>& programs);

}  // namespace kdump::mkdumprd
