// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF vmcore from a file: headers, notes, memory by reading and by windows.
#include "base/fd.h"
#include "base/io.h"
#include "capture/vmcore/elf_image.h"
#include "capture/vmcore/fault_guard.h"
#include "capture/vmcore/notes.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

constexpr std::size_t kMostRanges = 16;

void read_around(const MemoryImage& image) {
  const auto view = image.view();
  std::array<std::byte, 512> buffer{};
  std::size_t left = kMostRanges;
  for (const Range& range : image.ranges().ranges()) {
    if (left-- == 0) break;
    for (const std::uint64_t at : {range.start, range.end - 1, range.start - 1, range.end}) {
      static_cast<void>(image.read(PhysAddr(at), buffer));
      const auto shown = view->at(PhysAddr(at), buffer.size());
      if (!shown) continue;
      if (shown->empty() || shown->size() > buffer.size()) std::abort();
      volatile std::byte sink{};
      static_cast<void>(without_fault([&] {
        for (const std::byte byte : *shown) sink = byte;
      }));
    }
  }
}

}  // namespace
}  // namespace kdump::capture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kdump::capture;
  static const kdump::Fd file(::memfd_create("vmcore", MFD_CLOEXEC));
  if (::ftruncate(file.raw(), 0) != 0 ||
      !kdump::write_all_at(file.raw(), std::as_bytes(std::span(data, size)), 0)) {
    std::abort();
  }
  const auto image = ElfImage::open(fmt::format("/proc/self/fd/{}", file.raw()));
  if (!image) return 0;
  read_around(**image);
  const auto notes = summarize_notes(**image);
  if (!notes) return 0;
  const auto text = read_vmcoreinfo_text(**image, *notes);
  if (text) static_cast<void>(Vmcoreinfo(*text).page_shift());
  return 0;
}
