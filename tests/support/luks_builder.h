// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace kdump::test {

inline constexpr const char* kLuksUuid = "03813836-56e6-1ab3-b58e-27507ac41937";

/// A segment as cryptsetup writes it.
inline constexpr const char* kLuksSegment =
    R"({"type":"crypt","offset":"16777216","size":"dynamic","iv_tweak":"0",)"
    R"("encryption":"aes-xts-plain64","sector_size":4096})";

/// The head of a device with a LUKS2 volume: a primary header with its checksum and this JSON,
/// 16 KiB long.
std::string luks_device(std::string_view json);

/// With this one segment.
std::string luks_device_of_segment(std::string_view segment);

}  // namespace kdump::test
