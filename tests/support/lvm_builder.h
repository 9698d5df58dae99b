// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/thin_pool.h"

#include <string>
#include <string_view>

namespace kdump::test {

/// The head of an LVM2 physical volume (label in sector 1, metadata area at 4096 of 64 KiB) that
/// carries this metadata text. `text_offset` is where the text begins in its area: near the area's
/// end it wraps around.
std::string lvm_physical_volume(std::string_view metadata, std::size_t text_offset = 512);

/// A volume group "vg" of two physical volumes with the volumes "lin" (UUID L…, 10 extents on the
/// first, 5 on the second), "str" (UUID S…, two stripes), "thin" (UUID T…, device 3 of "pool",
/// UUID P…, with its metadata M… and data D…), "borrower" (UUID E…, with an external origin),
/// "cached" (UUID C…), "origin" (UUID O…) and its snapshot "snap" (UUID W…). Extents of 8192
/// sectors, data from sector 2048 on.
std::string lvm_metadata_text();

/// The head of a thin pool's metadata device.
std::string thin_pool_metadata(const ThinPoolState& state);

/// The UUIDs in it, without hyphens.
std::string lvm_uuid(char letter);

}  // namespace kdump::test
