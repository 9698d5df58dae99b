// SPDX-License-Identifier: GPL-2.0-or-later
// A kdump-compressed dump, flattened or not: headers, bitmaps, notes, descriptors, pages in every
// codec. Ends with what verify says of it.
#include "capture/format/open_image.h"
#include "capture/info.h"
#include "capture/verify.h"
#include "capture/vmcore/notes.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzzed_images.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static const fuzz::FuzzFile file;
  const std::string path = file.fill(std::as_bytes(std::span(data, size)));
  {
    const auto image = open_image(path);
    if (!image) return 0;
    fuzz::read_around(**image);
    const auto notes = summarize_notes(**image);
    if (notes) static_cast<void>(read_vmcoreinfo_text(**image, *notes));
  }
  const auto fields = describe_dump(path);
  if (fields) static_cast<void>(fields_as_json(*fields));
  CaptureProgress progress;
  const auto report = verify_dump({path, path, 1}, progress);
  if (!report) return 0;
  // Compared with itself every page that can be read is equal.
  if (report->compared + report->without_data + report->not_compared > report->pages) {
    __builtin_trap();
  }
  return 0;
}
