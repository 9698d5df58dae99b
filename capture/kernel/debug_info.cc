// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/debug_info.h"

#include "base/text.h"

namespace kdump::capture {

Result<Vmcoreinfo> with_debug_info(const Vmcoreinfo& info, std::string_view debug_info) {
  if (debug_info.empty()) return info;
  const Vmcoreinfo more(debug_info);
  if (!more.text("OSRELEASE") && !more.text("BUILD-ID")) {
    return make_error(ErrorKind::kBadData,
                      "the VMCOREINFO file has neither OSRELEASE nor BUILD-ID: it is damaged");
  }
  for (const std::string_view key : {"OSRELEASE", "BUILD-ID"}) {
    const auto ours = info.text(key);
    const auto theirs = more.text(key);
    if (!ours || !theirs || *ours == *theirs) continue;
    return make_error(ErrorKind::kMismatch,
                      "the kernel in the dump is another one: its {} is {}, that of the given file "
                      "{}",
                      key,
                      escape_control(*ours),
                      escape_control(*theirs));
  }
  Vmcoreinfo merged = info;
  merged.add_missing(more, info.kernel_offset() - more.kernel_offset());
  return merged;
}

}  // namespace kdump::capture
