// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/verify.h"

#include "base/parallel.h"
#include "base/text.h"
#include "capture/filter/page_bitmap.h"
#include "capture/format/kdump_image.h"
#include "capture/format/memory_bitmap.h"
#include "capture/format/open_image.h"
#include "capture/format/page_reader.h"
#include "capture/vmcore/notes.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

namespace kdump::capture {
namespace {

constexpr std::size_t kMaxMessages = 20;
// Of faults that are not a page's: they come before all others.
constexpr std::uint64_t kWholeDump = 0;

/// Collects what is wrong, from several threads.
class Faults {
 public:
  void add(std::uint64_t place, std::string message) {
    const std::lock_guard lock(mutex_);
    ++count_;
    messages_.emplace(place, std::move(message));
    if (messages_.size() > kMaxMessages) messages_.erase(std::prev(messages_.end()));
  }
  void add(std::string message) { add(kWholeDump, std::move(message)); }
  void add_page(Pfn pfn, std::string message) { add(pfn.value() + 1, std::move(message)); }

  void report(VerifyReport& report) const {
    report.faults = count_;
    for (const auto& [place, message] : messages_) report.messages.push_back(message);
  }

 private:
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::multimap<std::uint64_t, std::string> messages_;
};

struct VerifyJob {
  const MemoryImage& image;
  const KdumpFile* kdump = nullptr;  ///< of a kdump-compressed dump
  const MemoryImage* source = nullptr;
  PageShift shift;
  const PageBitmap& pages;
  Faults& faults;
  std::atomic<std::uint64_t>& pages_done;
};

/// One thread's part.
class Verifier {
 public:
  explicit Verifier(VerifyJob& job)
      : job_(&job),
        image_reader_(job.image, job.shift),
        page_(static_cast<std::size_t>(job.shift.page_size())),
        should_(page_.size()) {
    if (job.kdump != nullptr) kdump_reader_ = std::make_unique<KdumpPageReader>(*job.kdump);
    if (job.source != nullptr) {
      source_reader_ = std::make_unique<PageReader>(*job.source, job.shift);
    }
  }

  Status check_block(std::size_t block) {
    const BlockBits bits = TRY(job_->pages.present(block));
    const Pfn first = job_->pages.first_page(block);
    for (std::uint64_t page = bits.next_set(0); page < BlockBits::kPages;
         page = bits.next_set(page + 1)) {
      check_page(first + page);
      ++job_->pages_done;
    }
    return {};
  }

  std::uint64_t pages = 0, without_data = 0, compared = 0, not_compared = 0;

 private:
  void check_page(Pfn pfn) {
    ++pages;
    const auto bytes = kdump_reader_ ? stored_page(pfn) : plain_page(pfn);
    if (bytes.empty() || !source_reader_) return;
    if (!source_reader_->read(pfn, should_)) {
      ++not_compared;
      return;
    }
    if (!std::equal(bytes.begin(), bytes.end(), should_.begin(), should_.end())) {
      job_->faults.add_page(pfn, fmt::format("page {} is not that of the source", pfn));
      return;
    }
    ++compared;
  }

  /// Nothing: the page is without data, or there is a fault.
  std::span<const std::byte> stored_page(Pfn pfn) {
    const auto found = kdump_reader_->descriptor(pfn);
    if (!found) {
      job_->faults.add_page(pfn, found.error().message);
      return {};
    }
    if (found->offset == 0 && found->size == 0) {
      ++without_data;
      return {};
    }
    const KdumpHeaders& headers = job_->kdump->headers();
    const std::uint64_t data =
        headers.descriptors_offset + job_->kdump->dumped_pages() * sizeof(PageDescriptor);
    if (found->offset < data) {
      job_->faults.add_page(
          pfn,
          fmt::format("page {}: its data at offset {:#x} lies inside the tables of the dump",
                      pfn,
                      std::uint64_t{found->offset}));
      return {};
    }
    auto page = kdump_reader_->page(pfn);
    if (page) return *page;
    job_->faults.add_page(pfn, page.error().message);
    return {};
  }

  std::span<const std::byte> plain_page(Pfn pfn) {
    if (image_reader_.read(pfn, page_)) return page_;
    job_->faults.add_page(pfn, fmt::format("page {} cannot be read", pfn));
    return {};
  }

  VerifyJob* job_;
  PageReader image_reader_;
  std::unique_ptr<KdumpPageReader> kdump_reader_;
  std::unique_ptr<PageReader> source_reader_;
  std::vector<std::byte> page_;
  std::vector<std::byte> should_;
};

std::string vmcoreinfo_of(const MemoryImage& image) {
  const auto notes = summarize_notes(image);
  if (!notes) return {};
  return read_vmcoreinfo_text(image, *notes).value_or("");
}

void check_extent(std::string_view what,
                  const KdumpHeaders::Extent& extent,
                  const KdumpHeaders& headers,
                  Faults& faults) {
  if (extent.size == 0) return;
  if (extent.offset < headers.shift.page_size() + sizeof(KdumpSubHeader) ||
      extent.offset + extent.size > headers.bitmap1_offset) {
    faults.add(
        fmt::format("{} ({} bytes at offset {:#x}) does not lie behind the sub-header and "
                    "before the bitmaps",
                    what,
                    extent.size,
                    extent.offset));
  }
}

/// What VMCOREINFO is by its own offset and as a note must be the same.
Status check_vmcoreinfo(const KdumpImage& image, Faults& faults) {
  const KdumpHeaders::Extent& extent = image.file().headers().vmcoreinfo;
  if (extent.size == 0) return {};
  const std::string note = vmcoreinfo_of(image);
  if (note.size() > extent.size) {
    faults.add("VMCOREINFO is shorter by its offset than as a note");
    return {};
  }
  std::string text(note.size(), '\0');
  TRY(image.file().file().read(extent.offset, std::as_writable_bytes(std::span(text))));
  if (text != note || note.empty()) {
    faults.add("VMCOREINFO is not the same by its offset and as a note");
  }
  return {};
}

Status check_kdump(const KdumpImage& image, Faults& faults) {
  const KdumpFile& file = image.file();
  const KdumpHeaders& headers = file.headers();
  if (headers.incomplete()) faults.add("the dump is marked incomplete");
  if (file.stray_pages() > 0) {
    faults.add(fmt::format("{} pages are in the dump that the first bitmap does not know",
                           file.stray_pages()));
  }
  const std::uint64_t end =
      headers.descriptors_offset + file.dumped_pages() * sizeof(PageDescriptor);
  if (end > file.file().size()) faults.add("the file ends inside its page descriptors");
  check_extent("VMCOREINFO", headers.vmcoreinfo, headers, faults);
  check_extent("the notes", headers.notes, headers, faults);
  // crash wants one CPU at least.
  const auto notes = summarize_notes(image);
  if (!notes) {
    faults.add(notes.error().message);
  } else if (headers.nr_cpus < 1 ||
             (notes->cpus > 0 && notes->cpus != static_cast<std::uint32_t>(headers.nr_cpus))) {
    faults.add(fmt::format(
        "the header says {} CPUs, the notes have {}", headers.nr_cpus, std::uint32_t{notes->cpus}));
  }
  return check_vmcoreinfo(image, faults);
}

void check_elf(const ElfImage& image, Faults& faults) {
  if (image.incomplete() && !image.file().cut_off()) faults.add("the dump is marked incomplete");
  if (image.missing_bytes() > 0) {
    faults.add(
        fmt::format("cut off: {} of memory are missing", format_size(image.missing_bytes())));
  }
  const auto notes = summarize_notes(image);
  if (!notes) faults.add(notes.error().message);
}

/// `pages` are those of `memory`. makedumpfile leaves a first page out that is there in part.
bool covers_memory(const RangeSet& pages, const RangeSet& memory, PageShift shift) {
  std::vector<Range> touched = touched_pages(memory, shift);
  for (Range& run : touched) run = {run.start << shift.bits, run.end << shift.bits};
  const RangeSet all(touched);
  const auto& runs = pages.ranges();
  if (!std::all_of(
          runs.begin(), runs.end(), [&all](const Range& run) { return all.contains(run); })) {
    return false;
  }
  return std::all_of(memory.ranges().begin(), memory.ranges().end(), [&](const Range& range) {
    const Range whole{align_up(range.start, shift.page_size()),
                      align_down(range.end, shift.page_size())};
    return whole.empty() || pages.contains(whole);
  });
}

/// The dump is one of that machine.
void check_origin(const MemoryImage& image,
                  const MemoryImage& source,
                  PageShift shift,
                  bool every_page_known,
                  Faults& faults) {
  if (image.machine() != source.machine()) faults.add("the source is another kind of machine");
  if (vmcoreinfo_of(image) != vmcoreinfo_of(source)) {
    faults.add("VMCOREINFO is not that of the source");
  }
  if (every_page_known && !covers_memory(image.ranges(), source.ranges(), shift)) {
    faults.add("the first bitmap is not that of the source's memory");
  }
}

struct OpenedDump {
  std::unique_ptr<MemoryImage> image;
  const KdumpImage* kdump = nullptr;
  PageShift shift;
};

Result<OpenedDump> open_dump(const std::string& path, VerifyReport& report, Faults& faults) {
  auto file = TRY(open_dump_file(path));
  if (file->cut_off()) faults.add("the stream ends before its end marker");
  OpenedDump opened;
  if (is_kdump_file(*file)) {
    auto image = TRY(KdumpImage::open(std::move(file), path));
    const KdumpHeaders& headers = image->file().headers();
    report.format = fmt::format("kdump-compressed, version {}", headers.version);
    opened.shift = headers.shift;
    TRY(check_kdump(*image, faults));
    opened.kdump = image.get();
    opened.image = std::move(image);
    return opened;
  }
  auto image = TRY(ElfImage::open(std::move(file), path, ElfImage::Access::kRead));
  report.format = "ELF core file";
  check_elf(*image, faults);
  opened.image = std::move(image);
  return opened;
}

}  // namespace

Result<VerifyReport> verify_dump(const VerifyOptions& options, CaptureProgress& progress) {
  VerifyReport report;
  Faults faults;
  const auto dump = open_dump(options.path, report, faults);
  if (!dump) {
    // A dump that cannot be understood is what this is for; all else is the caller's affair.
    if (dump.error().kind != ErrorKind::kBadData && dump.error().kind != ErrorKind::kUnreadable) {
      return dump.error();
    }
    faults.add(dump.error().message);
    faults.report(report);
    return report;
  }
  std::unique_ptr<MemoryImage> source;
  if (options.source) {
    source = TRY(open_image(*options.source));
    check_origin(*dump->image, *source, dump->shift, dump->kdump != nullptr, faults);
  }
  MemoryBitmap unused;
  const PageBitmap pages(
      touched_pages(dump->image->ranges(), dump->shift), unused, dump->image.get());
  progress.copied = 0;
  progress.copying_total =
      dump->kdump != nullptr ? dump->kdump->file().dumped_pages() : pages.existing_pages();
  progress.stage = CaptureProgress::Stage::kVerifying;
  VerifyJob job{*dump->image,
                dump->kdump != nullptr ? &dump->kdump->file() : nullptr,
                source.get(),
                dump->shift,
                pages,
                faults,
                progress.copied};
  std::vector<Verifier> workers;
  for (unsigned i = 0; i < options.threads; ++i) workers.emplace_back(job);
  TRY(for_each_item(workers, pages.blocks(), [](Verifier& worker, std::size_t block) {
    return worker.check_block(block);
  }));
  for (const Verifier& worker : workers) {
    report.pages += worker.pages;
    report.without_data += worker.without_data;
    report.compared += worker.compared;
    report.not_compared += worker.not_compared;
  }
  faults.report(report);
  return report;
}

}  // namespace kdump::capture
