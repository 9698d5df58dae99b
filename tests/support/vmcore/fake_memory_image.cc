// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/fake_memory_image.h"

#include "base/fd.h"
#include "base/io.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <unistd.h>

namespace kdump::capture::test {

void FakeMemoryImage::write(PhysAddr address, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto& page = pages_[address.value() / kPage];
    if (!page) page = std::make_unique<Page>();
    const std::uint64_t inside = address.value() % kPage;
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPage - inside, bytes.size()));
    std::memcpy(page->data() + inside, bytes.data(), count);
    bytes = bytes.subspan(count);
    address += count;
  }
}

void FakeMemoryImage::copy(PhysAddr address, std::span<std::byte> into) const {
  while (!into.empty()) {
    const std::uint64_t inside = address.value() % kPage;
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPage - inside, into.size()));
    const auto found = pages_.find(address.value() / kPage);
    if (found == pages_.end()) {
      std::memset(into.data(), 0, count);
    } else {
      std::memcpy(into.data(), found->second->data() + inside, count);
    }
    into = into.subspan(count);
    address += count;
  }
}

void FakeMemoryImage::add_note(std::string_view name, std::uint32_t type, std::string_view desc) {
  const Elf64_Nhdr header{
      static_cast<Elf64_Word>(name.size() + 1), static_cast<Elf64_Word>(desc.size()), type};
  const auto put_padded = [this](std::span<const std::byte> bytes, std::size_t size) {
    notes_.insert(notes_.end(), bytes.begin(), bytes.end());
    notes_.resize(notes_.size() + (size - bytes.size()));
  };
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  put_padded(std::as_bytes(std::span(&header, 1)), sizeof(header));
  put_padded(as_bytes(name), padded(name.size() + 1));
  put_padded(as_bytes(desc), padded(desc.size()));
}

void FakeMemoryImage::add_raw_notes(std::span<const std::byte> bytes) {
  notes_.insert(notes_.end(), bytes.begin(), bytes.end());
}

std::optional<PhysAddr> FakeMemoryImage::header_address(VirtAddr address) const {
  const auto found = header_addresses_.find(VirtAddr(address.value() / kPage * kPage));
  if (found == header_addresses_.end()) return std::nullopt;
  return found->second + address.value() % kPage;
}

Status FakeMemoryImage::read(PhysAddr address, std::span<std::byte> into) const {
  if (into.empty()) return {};
  if (!ranges_.contains(Range{address.value(), address.value() + into.size()})) {
    return make_error(ErrorKind::kUnreadable, "no memory at {}", address);
  }
  const std::uint64_t last = (address.value() + into.size() - 1) / kPage;
  for (std::uint64_t page = address.value() / kPage; page <= last; ++page) {
    if (unreadable_.count(page) != 0) {
      return make_error(ErrorKind::kUnreadable, "page {:#x} is unreadable", page);
    }
  }
  copy(address, into);
  return {};
}

Status FakeMemoryImage::read_notes(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > notes_.size() || into.size() > notes_.size() - offset) {
    return make_error(ErrorKind::kBadData, "notes end too early");
  }
  std::copy_n(notes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  return {};
}

/// Shows one page at a time, so that whoever uses it must cope with pieces.
class FakeMemoryView final : public MemoryView {
 public:
  explicit FakeMemoryView(const FakeMemoryImage& image) : image_(image) {}
  Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) override {
    const std::uint64_t inside = address.value() % FakeMemoryImage::kPage;
    const auto& ranges = image_.ranges().ranges();
    const auto range = std::find_if(
        ranges.begin(), ranges.end(), [&](const Range& r) { return r.contains(address.value()); });
    if (range == ranges.end())
      return make_error(ErrorKind::kUnreadable, "no memory at {}", address);
    const std::uint64_t count = std::min(
        {std::uint64_t{size}, FakeMemoryImage::kPage - inside, range->end - address.value()});
    const auto into = std::span(buffer_).first(static_cast<std::size_t>(count));
    TRY(image_.read(address, into));
    return std::span<const std::byte>(into);
  }

 private:
  const FakeMemoryImage& image_;
  std::array<std::byte, FakeMemoryImage::kPage> buffer_{};
};

std::unique_ptr<MemoryView> FakeMemoryImage::view() const {
  return std::make_unique<FakeMemoryView>(*this);
}

Status FakeMemoryImage::save_elf(const std::string& path) const {
  const Fd fd = TRY(Fd::open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
  const std::size_t segments = ranges_.ranges().size() + 1;
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = machine_;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(segments);
  std::vector<Elf64_Phdr> table(segments);
  std::uint64_t offset = align_up(sizeof(header) + segments * sizeof(Elf64_Phdr), kPage);
  table[0].p_type = PT_NOTE;
  table[0].p_offset = offset;
  table[0].p_filesz = notes_.size();
  table[0].p_memsz = notes_.size();
  TRY(write_all_at(fd.raw(), notes_, offset));
  offset = align_up(offset + notes_.size(), kPage);
  for (std::size_t i = 0; i < ranges_.ranges().size(); ++i) {
    const Range& range = ranges_.ranges()[i];
    Elf64_Phdr& segment = table[i + 1];
    segment.p_type = PT_LOAD;
    // As /proc/vmcore does: whole pages in the file, the segment begins inside the first.
    const std::uint64_t start = align_down(range.start, kPage);
    segment.p_offset = offset + (range.start - start);
    segment.p_paddr = range.start;
    segment.p_filesz = range.size();
    segment.p_memsz = range.size();
    const auto end = pages_.lower_bound((range.end + kPage - 1) / kPage);
    for (auto page = pages_.lower_bound(start / kPage); page != end; ++page) {
      TRY(write_all_at(fd.raw(), *page->second, offset + page->first * kPage - start));
    }
    offset += align_up(range.end, kPage) - start;
  }
  if (::ftruncate(fd.raw(), static_cast<off_t>(offset)) != 0) {
    return system_error(errno, "size {}", path);
  }
  TRY(write_all_at(fd.raw(), std::as_bytes(std::span(table)), sizeof(header)));
  return write_all_at(fd.raw(), std::as_bytes(std::span(&header, 1)), 0);
}

}  // namespace kdump::capture::test
