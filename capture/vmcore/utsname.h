// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>

namespace kdump::capture {

/// struct new_utsname (include/uapi/linux/utsname.h): what uname(2) said on the crashed machine.
struct Utsname {
  static constexpr std::size_t kFieldSize = 65;
  std::string sysname, nodename, release, version, machine, domainname;
};

}  // namespace kdump::capture
