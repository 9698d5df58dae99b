// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/vmcore/elf_image.h"

#include <algorithm>
#include <cerrno>
#include <linux/magic.h>
#include <optional>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace kdump::capture {
namespace {

// One PMD of struct pages, or 512 pages of data: large enough that mapping costs little against
// what is done with the bytes, small enough for a capture kernel's page tables.
constexpr std::uint64_t kWindow = std::uint64_t{2} << 20U;
// What is read at once: less after a jump than where bytes are asked for one after the other.
constexpr std::uint64_t kFirstRead = std::uint64_t{4} << 10U;
constexpr std::uint64_t kMostRead = std::uint64_t{128} << 10U;
// Less than this at the end of what was read is not worth an answer.
constexpr std::uint64_t kShortRest = 256;

/// /proc/vmcore: read(2) maps and unmaps each page in the kernel, 20 times slower than mmap. Of
/// other files reading takes less time than page faults, and threads do not wait for each other.
bool is_better_mapped(int fd) {
  struct statfs info {};
  return fd >= 0 && ::fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/// Overlapping PT_LOADs are normal: kexec-tools describes the kernel image once by its own
/// addresses and once as a part of RAM. The one that starts first wins.
std::vector<MemorySegment> disjoint(std::vector<MemorySegment> segments) {
  std::sort(segments.begin(), segments.end(), [](const MemorySegment& a, const MemorySegment& b) {
    return a.start != b.start ? a.start < b.start : a.size > b.size;
  });
  std::vector<MemorySegment> pieces;
  PhysAddr covered;
  for (MemorySegment segment : segments) {
    const PhysAddr end = segment.start + segment.size;
    if (segment.start < covered) {
      if (end <= covered) continue;
      const std::uint64_t skipped = covered - segment.start;
      segment.start += skipped;
      segment.offset += skipped;
      segment.virt += skipped;
      segment.size -= skipped;
    }
    covered = end;
    pieces.push_back(segment);
  }
  return pieces;
}

/// Takes what lies behind the end of the file out of the segments; returns how many bytes that is.
std::uint64_t cut_at(std::vector<MemorySegment>& segments, std::uint64_t file_size) {
  std::uint64_t missing = 0;
  for (MemorySegment& segment : segments) {
    const std::uint64_t offset = segment.offset.value();
    const std::uint64_t there = offset < file_size ? file_size - offset : 0;
    if (there >= segment.size) continue;
    missing += segment.size - there;
    segment.size = there;
  }
  std::erase_if(segments, [](const MemorySegment& segment) { return segment.size == 0; });
  return missing;
}

/// The file, read piece by piece.
class ReadView final : public MemoryView {
 public:
  explicit ReadView(const ElfImage& image) : image_(image) {}

  Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) override {
    const auto piece = TRY(image_.find(address, size));
    const std::uint64_t offset = piece.offset.value();
    if (offset >= start_ && offset < start_ + buffer_.size()) {
      const auto inside = static_cast<std::size_t>(offset - start_);
      const std::size_t left = buffer_.size() - inside;
      if (left >= std::min<std::uint64_t>(piece.size, kShortRest)) {
        // Not all of what was read is looked at.
        step_ = kFirstRead;
        return std::span<const std::byte>(buffer_).subspan(
            inside, static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size)));
      }
    }
    const bool goes_on = offset > start_ && offset <= start_ + buffer_.size();
    step_ = goes_on ? std::min(2 * step_, kMostRead) : kFirstRead;
    buffer_.resize(static_cast<std::size_t>(std::min(piece.size, step_)));
    auto status = image_.file().read(offset, buffer_);
    if (!status) {
      buffer_.clear();
      return std::move(status).error();
    }
    start_ = offset;
    return std::span<const std::byte>(buffer_);
  }

  Status copy(PhysAddr address, std::span<std::byte> into) override {
    return image_.read(address, into);
  }

 private:
  const ElfImage& image_;
  std::vector<std::byte> buffer_;
  std::uint64_t start_ = 0;  ///< of the buffer in the file
  std::uint64_t step_ = kFirstRead;
};

/// A window that is mapped, or read where that fails.
class MappedView final : public MemoryView {
 public:
  explicit MappedView(const ElfImage& image)
      : image_(image),
        host_page_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))),
        rest_(image) {}
  MappedView(const MappedView&) = delete;
  MappedView& operator=(const MappedView&) = delete;
  ~MappedView() override { unmap(); }

  Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) override {
    const auto piece = TRY(image_.find(address, size));
    const std::uint64_t offset = piece.offset.value();
    const auto wanted = static_cast<std::size_t>(piece.size);
    if (auto shown = in_window(offset, wanted)) return *shown;
    if (map(offset)) {
      if (auto shown = in_window(offset, wanted)) return *shown;
    }
    return rest_.at(address, size);
  }

 private:
  std::optional<std::span<const std::byte>> in_window(std::uint64_t offset,
                                                      std::size_t size) const {
    if (window_.empty() || offset < window_offset_) return std::nullopt;
    const std::uint64_t skip = offset - window_offset_;
    if (skip >= window_.size()) return std::nullopt;
    // A short rest at the end of the window: move the window instead of cutting the answer up.
    const std::uint64_t left = window_.size() - skip;
    if (left < size && size <= kWindow - host_page_ && !window_at_end_) return std::nullopt;
    return window_.subspan(static_cast<std::size_t>(skip),
                           static_cast<std::size_t>(std::min<std::uint64_t>(left, size)));
  }

  bool map(std::uint64_t offset) {
    if (!mappable_) return false;
    const std::uint64_t start = align_down(offset, host_page_);
    const std::uint64_t size = std::min(kWindow, image_.file().size() - start);
    // In the place of the window before, where that has the same size: one call instead of two that
    // keep all threads from their page faults.
    const bool in_place = window_.size() == size;
    if (!in_place) unmap();
    // mmap takes a mutable pointer although nothing is written through it.
    void* const place = const_cast<std::byte*>(window_.data());  // NOLINT
    void* const address = ::mmap(place,
                                 static_cast<std::size_t>(size),
                                 PROT_READ,
                                 MAP_PRIVATE | (in_place ? MAP_FIXED : 0),
                                 image_.file().mappable_fd(),
                                 static_cast<off_t>(start));
    if (address == MAP_FAILED) {
      unmap();
      // ENODEV, ENOSYS: this file never maps. Anything else may concern this range only.
      mappable_ = errno != ENODEV && errno != ENOSYS;
      return false;
    }
    window_ = {static_cast<const std::byte*>(address), static_cast<std::size_t>(size)};
    window_offset_ = start;
    window_at_end_ = start + size == image_.file().size();
    return true;
  }

  void unmap() {
    // munmap takes a mutable pointer although nothing is written through it.
    if (!window_.empty())
      ::munmap(const_cast<std::byte*>(window_.data()), window_.size());  // NOLINT
    window_ = {};
  }

  const ElfImage& image_;
  std::uint64_t host_page_;
  bool mappable_ = true;
  std::span<const std::byte> window_;
  std::uint64_t window_offset_ = 0;
  bool window_at_end_ = false;
  ReadView rest_;  ///< for what cannot be mapped
};

}  // namespace

ElfImage::ElfImage(std::unique_ptr<DumpFile> file, ElfCore core, std::vector<MemorySegment> pieces)
    : file_(std::move(file)), core_(std::move(core)), pieces_(std::move(pieces)) {
  std::vector<Range> ranges;
  for (const MemorySegment& piece : pieces_) {
    ranges.push_back({piece.start.value(), piece.start.value() + piece.size});
  }
  ranges_ = RangeSet(ranges);
  for (const NoteSegment& note : core_.notes) notes_size_ += note.size;
}

Result<std::unique_ptr<ElfImage>> ElfImage::open(const std::string& path, Access access) {
  return open(TRY(open_dump_file(path)), path, access);
}

Result<std::unique_ptr<ElfImage>> ElfImage::open(std::unique_ptr<DumpFile> file,
                                                 const std::string& path,
                                                 Access access) {
  auto core = parse_elf_core([&file](std::uint64_t offset, std::span<std::byte> into) {
    return file->read(offset, into);
  });
  if (!core) return std::move(core).error().with_context(path);
  const std::uint64_t size = file->size();
  for (const NoteSegment& note : core->notes) {
    if (note.offset.value() + note.size > size) {
      return make_error(ErrorKind::kBadData, "{}: the file ends inside its notes", path);
    }
  }
  std::vector<MemorySegment> present = core->memory;
  const std::uint64_t missing = cut_at(present, size);
  std::vector<MemorySegment> pieces = disjoint(std::move(present));
  if (pieces.empty()) {
    return make_error(ErrorKind::kBadData, "{}: the file ends before the first memory", path);
  }
  // Every byte of memory has its own byte of the file. Headers that claim more would cost memory
  // and time without any limit.
  std::uint64_t claimed = 0;
  for (const MemorySegment& piece : pieces) {
    claimed += piece.size;
    if (claimed > size) {
      return make_error(
          ErrorKind::kBadData, "{}: its headers describe more memory than the file holds", path);
    }
  }
  std::unique_ptr<ElfImage> image(
      new ElfImage(std::move(file), *std::move(core), std::move(pieces)));
  image->missing_ = missing;
  image->access_ = access;
  if (access == Access::kChoose) {
    image->access_ = is_better_mapped(image->file_->mappable_fd()) ? Access::kMap : Access::kRead;
  }
  return image;
}

Result<ElfImage::Piece> ElfImage::find(PhysAddr address, std::uint64_t size) const {
  auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), address, [](PhysAddr wanted, const MemorySegment& piece) {
        return wanted < piece.start;
      });
  if (after == pieces_.begin() || address - std::prev(after)->start >= std::prev(after)->size) {
    return make_error(ErrorKind::kUnreadable, "no memory at physical address {}", address);
  }
  const MemorySegment& piece = *std::prev(after);
  const std::uint64_t skip = address - piece.start;
  return Piece{piece.offset + skip, std::min(size, piece.size - skip)};
}

std::uint64_t ElfImage::index_bytes() const {
  return (core_.memory.size() + pieces_.size()) * sizeof(MemorySegment) +
         ranges_.ranges().size() * sizeof(Range) + file_->index_bytes();
}

std::optional<PhysAddr> ElfImage::header_address(VirtAddr address) const {
  for (const MemorySegment& segment : core_.memory) {
    if (segment.virt.value() == 0 || address < segment.virt) continue;
    const std::uint64_t inside = address - segment.virt;
    if (inside < segment.size) return segment.start + inside;
  }
  return std::nullopt;
}

std::optional<VirtAddr> ElfImage::header_virtual(PhysAddr address) const {
  const auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), address, [](PhysAddr wanted, const MemorySegment& piece) {
        return wanted < piece.start;
      });
  if (after == pieces_.begin()) return std::nullopt;
  const MemorySegment& piece = *std::prev(after);
  const std::uint64_t inside = address - piece.start;
  if (piece.virt.value() == 0 || inside >= piece.size) return std::nullopt;
  return piece.virt + inside;
}

Status ElfImage::read(PhysAddr address, std::span<std::byte> into) const {
  while (!into.empty()) {
    const Piece piece = TRY(find(address, into.size()));
    const auto part = into.first(static_cast<std::size_t>(piece.size));
    TRY(file_->read(piece.offset.value(), part));
    into = into.subspan(part.size());
    address += part.size();
  }
  return {};
}

std::unique_ptr<MemoryView> ElfImage::view() const {
  if (access_ == Access::kMap && file_->mappable_fd() >= 0) {
    return std::make_unique<MappedView>(*this);
  }
  return std::make_unique<ReadView>(*this);
}

Status ElfImage::read_notes(std::uint64_t offset, std::span<std::byte> into) const {
  for (const NoteSegment& note : core_.notes) {
    if (into.empty()) return {};
    if (offset >= note.size) {
      offset -= note.size;
      continue;
    }
    const auto part = into.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), note.size - offset)));
    TRY(file_->read(note.offset.value() + offset, part));
    into = into.subspan(part.size());
    offset = 0;
  }
  if (!into.empty()) return make_error(ErrorKind::kBadData, "the notes end too early");
  return {};
}

}  // namespace kdump::capture
