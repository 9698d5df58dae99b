// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF vmcore from a file: headers, notes, memory by reading and by windows.
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/vmcoreinfo.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzzed_images.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static const fuzz::FuzzFile file;
  const auto image = ElfImage::open(file.fill(std::as_bytes(std::span(data, size))));
  if (!image) return 0;
  fuzz::read_around(**image);
  const auto notes = summarize_notes(**image);
  if (!notes) return 0;
  const auto text = read_vmcoreinfo_text(**image, *notes);
  if (text) static_cast<void>(Vmcoreinfo(*text).page_shift());
  return 0;
}
