// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "capture/vmcore/memory_image.h"

#include <cstdint>
#include <optional>
#include <string>

namespace kdump::capture {

/// Where a note's descriptor lies in the notes of an image.
struct NoteDesc {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// What the collector needs of the notes.
struct NoteSummary {
  std::uint32_t cpus = 0;              ///< NT_PRSTATUS notes: one for each CPU that was saved
  std::optional<NoteDesc> vmcoreinfo;  ///< the note named VMCOREINFO, without trailing zero bytes
  bool qemu = false;                   ///< notes named QEMU: the dump is one of `dump-guest-memory`
};

/// Walks all notes once. Notes of any size pass (device dumps of drivers, NT_VMCOREDD, can have
/// hundreds of MiB); their contents are not read. A note that runs over the end ends the walk: what
/// was found before it counts.
Result<NoteSummary> summarize_notes(const MemoryImage& image);

/// The text of the VMCOREINFO note; kNotFound when there is none, kBadData when it is absurdly
/// large.
Result<std::string> read_vmcoreinfo_text(const MemoryImage& image, const NoteSummary& notes);

}  // namespace kdump::capture
