// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/reassemble.h"

#include "base/checked_math.h"
#include "capture/distinct_files.h"
#include "capture/format/kdump_file.h"
#include "capture/format/output_file.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace kdump::capture {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20U;
constexpr std::size_t kDescriptorsPerStep = 8192;
// Commands of the administrator's, as text.
constexpr std::uint64_t kMaxEraseinfo = std::uint64_t{16} << 20U;

/// One file of the split dump.
struct Part {
  std::string path;
  KdumpFile dump;
  std::uint64_t pages = 0;  ///< in the dump, of its page frames: its descriptors

  [[nodiscard]] std::uint64_t start() const { return dump.headers().start_pfn; }
  [[nodiscard]] std::uint64_t end() const {
    return std::min(dump.headers().end_pfn, dump.headers().max_mapnr);
  }
  /// Behind its descriptors there is nothing but page data.
  [[nodiscard]] std::uint64_t data_start() const {
    return dump.headers().descriptors_offset + pages * sizeof(PageDescriptor);
  }
};

Result<std::uint64_t> count_pages(const KdumpFile& dump, std::uint64_t start, std::uint64_t end) {
  std::uint64_t pages = 0;
  for (std::size_t i = 0; i < dump.blocks(); ++i) {
    const std::uint64_t first = dump.block_number(i) * BlockBits::kPages;
    if (first >= end || first + BlockBits::kPages <= start) continue;
    const BlockBits bits = TRY(dump.dumped(dump.block_number(i)));
    const std::uint64_t from = start > first ? start - first : 0;
    const std::uint64_t to = std::min(end - first, BlockBits::kPages);
    pages += bits.count_before(to) - bits.count_before(from);
  }
  return pages;
}

Result<Part> open_part(const std::string& path) {
  auto dump = KdumpFile::open(TRY(open_dump_file(path)));
  if (!dump) return std::move(dump).error().with_context(path);
  if (!dump->headers().split) {
    return make_error(ErrorKind::kBadData, "{}: not a part of a split dump", path);
  }
  Part part{path, *std::move(dump), 0};
  if (part.start() > part.end()) {
    return make_error(
        ErrorKind::kBadData, "{}: page frames from {:#x} to {:#x}", path, part.start(), part.end());
  }
  part.pages = TRY(count_pages(part.dump, part.start(), part.end()));
  if (part.data_start() > part.dump.file().size()) {
    return make_error(ErrorKind::kBadData, "{}: the file ends inside its descriptors", path);
  }
  return part;
}

/// In the order of their page frames, without gap or overlap.
Status put_in_order(std::vector<Part>& parts) {
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.start() != b.start() ? a.start() < b.start() : a.end() < b.end();
  });
  std::uint64_t next = 0;
  for (const Part& part : parts) {
    if (part.start() > next) break;
    if (part.start() < next) {
      return make_error(ErrorKind::kBadData,
                        "{}: another file has its page frames from {:#x} on too",
                        part.path,
                        part.start());
    }
    next = part.end();
  }
  const std::uint64_t all = parts.front().dump.headers().max_mapnr;
  if (next >= all) return {};
  const auto after = std::find_if(
      parts.begin(), parts.end(), [next](const Part& part) { return part.start() > next; });
  return make_error(ErrorKind::kBadData,
                    "no file has the page frames from {:#x} to {:#x}",
                    next,
                    after == parts.end() ? all : after->start());
}

/// Header, notes and bitmaps; they are the same in all parts but for the fields that tell the
/// parts from each other. Marked incomplete in the output.
class Front {
 public:
  static Result<Front> read(const Part& part) {
    const KdumpHeaders& headers = part.dump.headers();
    Front front;
    front.version_ = headers.version;
    TRY(part.dump.file().read(0, std::as_writable_bytes(std::span(&front.header_, 1))));
    front.sub_offset_ = headers.shift.page_size();
    TRY(part.dump.file().read(front.sub_offset_, front.sub_bytes()));
    front.size_ = headers.descriptors_offset;
    return front;
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const KdumpHeader& header() const { return header_; }

  void set_incomplete(bool incomplete) {
    header_.status = (header_.status & ~kIncomplete) | (incomplete ? kIncomplete : 0U);
  }

  void forget_split() {
    sub_.split = 0;
    sub_.start_pfn = 0;
    sub_.end_pfn = 0;
    sub_.start_pfn_64 = 0;
    sub_.end_pfn_64 = 0;
    set_eraseinfo(0, 0);
  }
  void set_eraseinfo(std::uint64_t offset, std::uint64_t size) {
    sub_.offset_eraseinfo = offset;
    sub_.size_eraseinfo = size;
  }

  Status write(Output& output) {
    TRY(output.write_at(sub_offset_, sub_bytes()));
    return output.write_at(0, std::as_bytes(std::span(&header_, 1)));
  }

 private:
  /// What this version has of the sub-header; something else may follow it.
  std::span<std::byte> sub_bytes() {
    std::size_t size = sizeof(KdumpSubHeader);
    if (version_ < 6) size = offsetof(KdumpSubHeader, start_pfn_64);
    if (version_ < 5) size = offsetof(KdumpSubHeader, offset_eraseinfo);
    if (version_ < 4) size = offsetof(KdumpSubHeader, offset_note);
    if (version_ < 3) size = offsetof(KdumpSubHeader, offset_vmcoreinfo);
    return std::as_writable_bytes(std::span(&sub_, 1)).first(size);
  }

  std::int32_t version_ = 0;
  KdumpHeader header_;
  KdumpSubHeader sub_;
  std::uint64_t sub_offset_ = 0;
  std::uint64_t size_ = 0;
};

/// The first blocks of all parts say the same, but for who is complete.
Status check_same_dump(const std::vector<Part>& parts) {
  Front first = TRY(Front::read(parts.front()));
  first.set_incomplete(false);
  for (const Part& part : parts) {
    Front other = TRY(Front::read(part));
    other.set_incomplete(false);
    if (std::memcmp(&first.header(), &other.header(), sizeof(KdumpHeader)) != 0 ||
        first.size() != other.size()) {
      return make_error(ErrorKind::kBadData,
                        "{} and {} are parts of different dumps",
                        parts.front().path,
                        part.path);
    }
  }
  return {};
}

/// Notes and bitmaps of the first part; the bitmaps of the others must be equal.
Status copy_front(const std::vector<Part>& parts, Output& output) {
  const KdumpHeaders& headers = parts.front().dump.headers();
  std::vector<std::byte> buffer(kStep), other(kStep);
  for (std::uint64_t at = 0; at < headers.descriptors_offset; at += kStep) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kStep, headers.descriptors_offset - at));
    const auto bytes = std::span(buffer).first(size);
    TRY(parts.front().dump.file().read(at, bytes));
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::uint64_t from = std::max(at, headers.bitmap1_offset);
      if (from >= at + size) continue;
      const auto skipped = static_cast<std::size_t>(from - at);
      const auto theirs = std::span(other).first(size - skipped);
      TRY(parts[i].dump.file().read(from, theirs));
      if (std::equal(
              theirs.begin(), theirs.end(), bytes.begin() + static_cast<std::ptrdiff_t>(skipped)))
        continue;
      return make_error(ErrorKind::kBadData,
                        "{} and {} are parts of different dumps: their bitmaps differ",
                        parts.front().path,
                        parts[i].path);
    }
    TRY(output.write_at(at, bytes));
  }
  return {};
}

/// The descriptors of a part, moved with its data; returns how many point outside that and are
/// left without data.
Result<std::uint64_t> copy_descriptors(const Part& part,
                                       std::uint64_t into,
                                       std::uint64_t data,
                                       Output& output) {
  std::uint64_t damaged = 0;
  const std::uint64_t file_size = part.dump.file().size();
  std::vector<PageDescriptor> batch;
  for (std::uint64_t done = 0; done < part.pages; done += batch.size()) {
    batch.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kDescriptorsPerStep, part.pages - done)));
    TRY(part.dump.file().read(
        part.dump.headers().descriptors_offset + done * sizeof(PageDescriptor),
        std::as_writable_bytes(std::span(batch))));
    for (PageDescriptor& descriptor : batch) {
      if (descriptor.offset == 0) continue;
      const std::uint64_t offset = descriptor.offset;
      const auto end = checked_add(offset, std::uint64_t{descriptor.size});
      if (offset < part.data_start() || !end || *end > file_size) {
        descriptor = {};
        ++damaged;
        continue;
      }
      descriptor.offset = offset - part.data_start() + data;
    }
    TRY(output.write_at(into + done * sizeof(PageDescriptor), std::as_bytes(std::span(batch))));
  }
  return damaged;
}

Status copy_data(const Part& part, std::uint64_t into, Output& output) {
  const std::uint64_t size = part.dump.file().size() - part.data_start();
  std::vector<std::byte> buffer(kStep);
  for (std::uint64_t done = 0; done < size; done += kStep) {
    const auto bytes = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(kStep, size - done)));
    TRY(part.dump.file().read(part.data_start() + done, bytes));
    TRY(output.write_at(into + done, bytes));
    TRY(output.start_writeback(into + done, bytes.size()));
    if (done > 0) TRY(output.finish_writeback(into + done - kStep, kStep));
  }
  return {};
}

/// What was erased in each part, one after the other.
Status copy_eraseinfo(const std::vector<Part>& parts,
                      std::uint64_t into,
                      Front& front,
                      Output& output) {
  std::uint64_t size = 0;
  for (const Part& part : parts) {
    const KdumpHeaders::Extent& extent = part.dump.headers().eraseinfo;
    if (extent.size == 0) continue;
    if (extent.size > kMaxEraseinfo) {
      return make_error(ErrorKind::kBadData, "{}: eraseinfo of {} bytes", part.path, extent.size);
    }
    std::vector<std::byte> text(static_cast<std::size_t>(extent.size));
    TRY(part.dump.file().read(extent.offset, text));
    TRY(output.write_at(into + size, text));
    size += text.size();
  }
  if (size > 0) front.set_eraseinfo(into, size);
  return {};
}

Status write_whole(const std::vector<Part>& parts,
                   Output& output,
                   std::vector<std::string>& warnings) {
  Front front = TRY(Front::read(parts.front()));
  front.forget_split();
  front.set_incomplete(true);
  TRY(copy_front(parts, output));
  TRY(front.write(output));
  std::uint64_t pages = 0;
  bool incomplete = false;
  for (const Part& part : parts) {
    pages += part.pages;
    if (!part.dump.headers().incomplete()) continue;
    incomplete = true;
    warnings.push_back(fmt::format("{} is incomplete, and so is the whole", part.path));
  }
  std::uint64_t descriptors = front.size();
  const std::uint64_t page_size = parts.front().dump.headers().shift.page_size();
  std::uint64_t data = align_up(descriptors + pages * sizeof(PageDescriptor), page_size);
  TRY(output.reserve(descriptors, data - descriptors));
  for (const Part& part : parts) {
    const std::uint64_t damaged = TRY(copy_descriptors(part, descriptors, data, output));
    if (damaged > 0) {
      warnings.push_back(fmt::format("{}: {} pages have no data in the file", part.path, damaged));
    }
    TRY(copy_data(part, data, output));
    descriptors += part.pages * sizeof(PageDescriptor);
    data += part.dump.file().size() - part.data_start();
  }
  TRY(copy_eraseinfo(parts, data, front, output));
  TRY(output.sync());
  front.set_incomplete(incomplete);
  TRY(front.write(output));
  return output.sync();
}

}  // namespace

Result<std::vector<std::string>> reassemble(const std::vector<std::string>& paths,
                                            const std::string& output,
                                            bool overwrite) {
  std::vector<Part> parts;
  for (const std::string& path : paths) parts.push_back(TRY(open_part(path)));
  if (parts.empty()) return make_error(ErrorKind::kUsage, "no parts of a dump are given");
  TRY(check_same_dump(parts));
  TRY(put_in_order(parts));
  TRY(check_distinct(paths, {output}));
  const auto file = TRY(OutputFile::create(output, overwrite));
  std::vector<std::string> warnings;
  TRY(write_whole(parts, *file, warnings));
  TRY(file->close());
  return warnings;
}

}  // namespace kdump::capture
