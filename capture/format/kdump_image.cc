// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_image.h"

#include "capture/vmcore/notes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <elf.h>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{512} << 10U;
constexpr std::uint64_t kNoteAlignment = 4;
// As in capture/vmcore/notes.cc: real ones have 3 to 8 KiB.
constexpr std::uint64_t kMaxVmcoreinfo = std::uint64_t{1} << 20U;
// With its zero byte, in whole words.
constexpr std::string_view kVmcoreinfoName{"VMCOREINFO\0", 11};

RangeSet bytes_of(const std::vector<Range>& pages, PageShift shift) {
  std::vector<Range> bytes;
  bytes.reserve(pages.size());
  for (const Range& run : pages) bytes.push_back({run.start << shift.bits, run.end << shift.bits});
  return RangeSet(bytes);
}

class KdumpView final : public MemoryView {
 public:
  explicit KdumpView(const KdumpFile& file) : shift_(file.headers().shift), reader_(file) {}

  Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) override {
    const auto page = TRY(reader_.page(to_pfn(address, shift_)));
    const auto inside = static_cast<std::size_t>(address.value() % shift_.page_size());
    return page.subspan(inside, std::min(size, page.size() - inside));
  }

 private:
  PageShift shift_;
  KdumpPageReader reader_;
};

}  // namespace

KdumpImage::KdumpImage(KdumpFile file)
    : file_(std::move(file)),
      ranges_(bytes_of(file_.pages(), file_.headers().shift)),
      reader_(file_),
      cache_(std::max<std::size_t>(kCacheBytes >> file_.headers().shift.bits, 4)) {}

Result<std::unique_ptr<KdumpImage>> KdumpImage::open(std::unique_ptr<DumpFile> file,
                                                     const std::string& path) {
  auto opened = KdumpFile::open(std::move(file));
  if (!opened) return std::move(opened).error().with_context(path);
  if (opened->headers().split) {
    return make_error(ErrorKind::kUnsupported,
                      "{}: one part of a split dump; put the parts together first: "
                      "'makedumpfile --reassemble PART... DUMPFILE'",
                      path);
  }
  std::unique_ptr<KdumpImage> image(new KdumpImage(*std::move(opened)));
  auto status = image->add_missing_vmcoreinfo();
  if (!status) return std::move(status).error().with_context(path);
  return image;
}

Status KdumpImage::add_missing_vmcoreinfo() {
  const KdumpHeaders::Extent& text = file_.headers().vmcoreinfo;
  if (text.size == 0 || text.size > kMaxVmcoreinfo) return {};
  if (TRY(summarize_notes(*this)).vmcoreinfo) return {};
  Elf64_Nhdr header{};
  header.n_namesz = kVmcoreinfoName.size();
  header.n_descsz = static_cast<Elf64_Word>(text.size);
  std::array<std::byte, sizeof(header) + align_up(kVmcoreinfoName.size(), kNoteAlignment)> head{};
  std::memcpy(head.data(), &header, sizeof(header));
  std::memcpy(head.data() + sizeof(header), kVmcoreinfoName.data(), kVmcoreinfoName.size());
  std::vector<std::byte> note(head.begin(), head.end());
  note.resize(static_cast<std::size_t>(align_up(head.size() + text.size, kNoteAlignment)));
  TRY(file_.file().read(text.offset,
                        std::span(note).subspan(head.size(), static_cast<std::size_t>(text.size))));
  made_note_ = std::move(note);
  return {};
}

Status KdumpImage::keep_present(Pfn first, std::span<std::byte> bits) const {
  constexpr std::uint64_t kBitsPerByte = 8;
  std::uint64_t page = first.value();
  while (!bits.empty()) {
    const auto skip = static_cast<std::size_t>(page % BlockBits::kPages / kBitsPerByte);
    const BlockBits present = TRY(file_.dumped(page / BlockBits::kPages));
    const auto bytes = present.bytes().subspan(skip);
    const auto part = bits.first(std::min(bits.size(), bytes.size()));
    for (std::size_t i = 0; i < part.size(); ++i) part[i] &= bytes[i];
    bits = bits.subspan(part.size());
    page += part.size() * kBitsPerByte;
  }
  return {};
}

/// mutex_ is held.
Result<const KdumpImage::CachedPage*> KdumpImage::cached(Pfn pfn) const {
  CachedPage* oldest = &cache_.front();
  for (CachedPage& slot : cache_) {
    if (slot.pfn == pfn) {
      slot.last_use = ++clock_;
      return &slot;
    }
    if (slot.last_use < oldest->last_use) oldest = &slot;
  }
  const auto page = TRY(reader_.page(pfn));
  oldest->bytes.assign(page.begin(), page.end());
  oldest->pfn = pfn;
  oldest->last_use = ++clock_;
  return oldest;
}

Status KdumpImage::read(PhysAddr address, std::span<std::byte> into) const {
  const PageShift shift = file_.headers().shift;
  const std::lock_guard lock(mutex_);
  while (!into.empty()) {
    auto page = cached(to_pfn(address, shift));
    if (!page) {
      // Whoever reads memory wants to know one thing only.
      Error error = std::move(page).error();
      error.kind = ErrorKind::kUnreadable;
      return error;
    }
    const auto inside = static_cast<std::size_t>(address.value() % shift.page_size());
    const auto bytes = std::span((*page)->bytes).subspan(inside);
    const auto part = into.first(std::min(into.size(), bytes.size()));
    std::copy_n(bytes.begin(), part.size(), part.begin());
    into = into.subspan(part.size());
    address += part.size();
  }
  return {};
}

std::unique_ptr<MemoryView> KdumpImage::view() const { return std::make_unique<KdumpView>(file_); }

std::uint64_t KdumpImage::notes_size() const {
  return file_.headers().notes.size + made_note_.size();
}

Status KdumpImage::read_notes(std::uint64_t offset, std::span<std::byte> into) const {
  const KdumpHeaders::Extent& notes = file_.headers().notes;
  if (offset > notes_size() || into.size() > notes_size() - offset) {
    return make_error(ErrorKind::kBadData, "the notes end too early");
  }
  if (offset < made_note_.size()) {
    const auto made = std::span(made_note_).subspan(static_cast<std::size_t>(offset));
    const auto part = into.first(std::min(into.size(), made.size()));
    std::copy_n(made.begin(), part.size(), part.begin());
    into = into.subspan(part.size());
    offset += part.size();
  }
  return file_.file().read(notes.offset + (offset - made_note_.size()), into);
}

}  // namespace kdump::capture
