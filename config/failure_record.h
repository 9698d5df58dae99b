// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>

namespace kdump::config {

/// Where a capture that could save nothing anywhere leaves why: the agent writes it, kdumpctl
/// fetches it on the next boot.
///
/// An EFI variable of the project's own, as efivarfs shows it
/// (Documentation/filesystems/efivarfs.rst: four bytes of attributes, then the value). At most this
/// many bytes of text: firmware has little room.
inline constexpr const char* kEfiVariables = "/sys/firmware/efi/efivars";
inline constexpr const char* kFailureVariable = "KdumpFailure-8d3a9c52-61f4-4c0b-9b2e-5d7e0f4a1c36";
inline constexpr std::size_t kFailureVariableLimit = 8192;
inline constexpr std::size_t kEfiAttributesSize = 4;

/// Persistent memory of the platform (ramoops), for messages from programs
/// (Documentation/admin-guide/ramoops.rst), and where the next kernel shows them.
inline constexpr const char* kPmsgDevice = "/dev/pmsg0";
inline constexpr const char* kPstore = "/sys/fs/pstore";
/// What a record begins with: other programs use pmsg, too.
inline constexpr const char* kFailureHeading = "kdump failure record\n";

}  // namespace kdump::config
