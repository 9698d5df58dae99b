// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/debug_info.h"

#include "base/text.h"

namespace kdump::capture {
namespace {

constexpr std::string_view kRelease = "OSRELEASE";
constexpr std::string_view kBuildId = "BUILD-ID";
// Stable kernels of late 2024, 6.1.113 to 6.1.118 for instance, export other bytes than their own.
constexpr std::string_view kWrongBuildIds =
    ". Some kernels tell a wrong BUILD-ID; without that line in a --vmcoreinfo file OSRELEASE "
    "alone "
    "counts";

}  // namespace

Result<Vmcoreinfo> with_debug_info(const Vmcoreinfo& info, std::string_view debug_info) {
  if (debug_info.empty()) return info;
  const Vmcoreinfo more(debug_info);
  if (!more.text(kRelease) && !more.text(kBuildId)) {
    return make_error(ErrorKind::kBadData,
                      "the VMCOREINFO file has neither OSRELEASE nor BUILD-ID: it is damaged");
  }
  for (const std::string_view key : {kRelease, kBuildId}) {
    const auto ours = info.text(key);
    const auto theirs = more.text(key);
    if (!ours || !theirs || *ours == *theirs) continue;
    return make_error(ErrorKind::kMismatch,
                      "the kernel in the dump is another one: its {} is {}, that of the given file "
                      "{}{}",
                      key,
                      escape_control(*ours),
                      escape_control(*theirs),
                      key == kBuildId ? kWrongBuildIds : "");
  }
  Vmcoreinfo merged = info;
  merged.add_missing(more, info.kernel_offset() - more.kernel_offset());
  return merged;
}

}  // namespace kdump::capture
