// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/notes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::uint64_t kNoteAlignment = 4;
constexpr std::string_view kVmcoreinfoName = "VMCOREINFO";
// QEMU, target/*/arch_dump.c: a note of its own for each CPU.
constexpr std::string_view kQemuName = "QEMU";
// Real ones have 3 to 8 KiB.
constexpr std::uint64_t kMaxVmcoreinfo = std::uint64_t{1} << 20U;
constexpr std::size_t kMaxName = 16;
// One or two a CPU and a few dozen more; the bound keeps a garbled notes area from costing minutes.
constexpr unsigned kMaxNotes = 1U << 20U;

struct NoteHead {
  Elf64_Nhdr header{};
  std::array<char, kMaxName> name{};

  [[nodiscard]] bool is_named(std::string_view wanted) const {
    return (header.n_namesz == wanted.size() || header.n_namesz == wanted.size() + 1) &&
           std::string_view(name.data(), wanted.size()) == wanted;
  }
};

/// First byte at or after `offset` that is not zero: the room for notes of CPUs that saved nothing
/// is zero-filled.
Result<std::uint64_t> skip_zeros(const MemoryImage& image, std::uint64_t offset) {
  std::array<std::byte, 4096> buffer{};
  const std::uint64_t size = image.notes_size();
  while (offset < size) {
    const auto part = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset)));
    TRY(image.read_notes(offset, part));
    const auto found =
        std::find_if(part.begin(), part.end(), [](std::byte b) { return b != std::byte{0}; });
    offset += static_cast<std::uint64_t>(found - part.begin());
    if (found != part.end()) break;
  }
  return align_down(offset, kNoteAlignment);
}

/// The descriptor without the zero bytes behind the text.
Result<NoteDesc> trimmed(const MemoryImage& image, NoteDesc desc) {
  if (desc.size > kMaxVmcoreinfo) return desc;
  std::string text(static_cast<std::size_t>(desc.size), '\0');
  TRY(image.read_notes(desc.offset, std::as_writable_bytes(std::span(text))));
  desc.size = std::min(text.find('\0'), text.size());
  return desc;
}

}  // namespace

Result<NoteSummary> summarize_notes(const MemoryImage& image) {
  NoteSummary summary;
  const std::uint64_t size = image.notes_size();
  std::uint64_t at = 0;
  for (unsigned seen = 0; seen < kMaxNotes && size - at >= sizeof(Elf64_Nhdr); ++seen) {
    NoteHead note;
    TRY(image.read_notes(at, std::as_writable_bytes(std::span(&note.header, 1))));
    if (note.header.n_namesz == 0 && note.header.n_descsz == 0) {
      // At least the two zero words are behind it now.
      at = TRY(skip_zeros(image, at));
      continue;
    }
    const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
    const std::uint64_t desc_at =
        name_at + align_up(std::uint64_t{note.header.n_namesz}, kNoteAlignment);
    const std::uint64_t end = desc_at + note.header.n_descsz;
    if (end > size) break;
    const auto name_size = std::min<std::size_t>(note.header.n_namesz, kMaxName);
    TRY(image.read_notes(name_at, std::as_writable_bytes(std::span(note.name).first(name_size))));
    if (note.header.n_type == NT_PRSTATUS && note.is_named("CORE")) ++summary.cpus;
    summary.qemu = summary.qemu || note.is_named(kQemuName);
    if (!summary.vmcoreinfo && note.is_named(kVmcoreinfoName)) {
      summary.vmcoreinfo = TRY(trimmed(image, {desc_at, note.header.n_descsz}));
    }
    at = std::min(align_up(end, kNoteAlignment), size);
  }
  return summary;
}

Result<std::string> read_vmcoreinfo_text(const MemoryImage& image, const NoteSummary& notes) {
  if (!notes.vmcoreinfo && notes.qemu) {
    return make_error(ErrorKind::kNotFound,
                      "no VMCOREINFO note in this dump of QEMU's: it has one when the guest is "
                      "started with '-device vmcoreinfo' and runs the driver qemu_fw_cfg");
  }
  if (!notes.vmcoreinfo) return make_error(ErrorKind::kNotFound, "no VMCOREINFO note");
  if (notes.vmcoreinfo->size > kMaxVmcoreinfo) {
    return make_error(ErrorKind::kBadData, "VMCOREINFO note of {} bytes", notes.vmcoreinfo->size);
  }
  std::string text(static_cast<std::size_t>(notes.vmcoreinfo->size), '\0');
  TRY(image.read_notes(notes.vmcoreinfo->offset, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace kdump::capture
