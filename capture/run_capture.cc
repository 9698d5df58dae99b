// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/run_capture.h"

#include "capture/crashed_machine.h"
#include "capture/filter/page_selection.h"
#include "capture/format/dump_plan.h"
#include "capture/format/elf_writer.h"
#include "capture/format/kdump_writer.h"
#include "capture/format/split_writer.h"
#include "capture/kernel/free_pages.h"
#include "capture/kernel/memmap_source.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace kdump::capture {
namespace {

using Clock = std::chrono::steady_clock;
using Stage = CaptureProgress::Stage;

// One part in this many more than the kernel counts is no contradiction: pages that are being
// isolated are on free lists but not counted.
constexpr std::uint64_t kFreeTolerance = 50;

// Code, data and bss of a distribution's kernel have 40 to 60 MiB.
constexpr std::uint64_t kImageBytes = std::uint64_t{64} << 20U;

HeaderFacts header_facts(const CrashedMachine& machine, const CaptureOptions& options) {
  HeaderFacts facts;
  facts.utsname = machine.utsname;
  facts.crash_time = static_cast<std::int64_t>(machine.info.decimal("CRASHTIME").value_or(0));
  facts.phys_base = machine.info.number("phys_base").value_or(0);
  facts.codec = options.codec.kind;
  facts.notes = machine.notes;
  return facts;
}

/// What a dump is written to: one output, or one for each part.
using Outputs = std::vector<std::unique_ptr<Output>>;

Result<Outputs> open_outputs(const CaptureOptions& options) {
  Outputs outputs;
  if (options.parts.empty()) {
    outputs.push_back(TRY(open_output(options.output)));
    return outputs;
  }
  for (const std::string& path : options.parts) {
    OutputChoice choice = options.output;
    choice.path = path;
    outputs.push_back(TRY(open_output(choice)));
  }
  return outputs;
}

std::unique_ptr<DumpWriter> make_writer(const CaptureOptions& options,
                                        const CrashedMachine& machine,
                                        const DumpGeometry& geometry,
                                        const std::vector<Range>& pages,
                                        const Outputs& outputs) {
  if (options.format == DumpFormat::kElf) {
    return std::make_unique<ElfWriter>(*machine.image, machine.shift, *outputs.front());
  }
  HeaderFacts facts = header_facts(machine, options);
  if (options.parts.empty()) {
    return std::make_unique<KdumpWriter>(
        *machine.image, geometry, std::move(facts), *outputs.front());
  }
  const std::uint64_t block = options.split_block >> machine.shift.bits;
  return std::make_unique<SplitWriter>(
      *machine.image, geometry, std::move(facts), pages, block, outputs);
}

/// One capture: machine, geometry and options are fixed, a level at a time is tried.
struct CaptureRun {
  const CaptureOptions& options;
  const CrashedMachine& machine;
  const std::vector<Range>& pages;
  CaptureProgress& progress;
};

/// Everything is kept, and the report says why.
Status keep_all(const CaptureRun& run,
                DumpLevel level,
                std::string_view reason,
                PageBitmap& bitmap,
                CaptureReport& report) {
  report.level = DumpLevel(level.bits() & DumpLevel::kZero);
  report.warnings.push_back(fmt::format("no page is left out: {}", reason));
  return select_everything(bitmap, run.progress.selected);
}

/// Do the free pages that were recognised agree with what the kernel counted? More of them than it
/// counted means that pages in use were taken for free ones.
Status prove_free_pages(const CrashedMachine& machine, const FilterCounts& counts) {
  const std::uint64_t found = counts.excluded[static_cast<std::size_t>(PageClass::kFree)] +
                              counts.excluded[static_cast<std::size_t>(PageClass::kUnaccepted)];
  const KernelMemory memory(*machine.image, TRY(make_address_space(*machine.image, machine.info)));
  const auto counted = count_free_pages(machine.info, memory);
  // A kernel that does not say is no proof against the filter.
  if (!counted) return {};
  const std::uint64_t lag =
      kCounterLag * std::max<std::uint64_t>(machine.notes.cpus, 1) * counted->zones;
  if (found <= counted->pages + counted->pages / kFreeTolerance + lag) return {};
  return make_error(
      ErrorKind::kBadData, "{} free pages found, but the kernel counts {}", found, counted->pages);
}

/// Fills the bitmap; lowers `report.level` where struct pages cannot be understood.
Status select(const CaptureRun& run, DumpLevel level, PageBitmap& bitmap, CaptureReport& report) {
  if (run.machine.identity == Identity::kContradicted) {
    return keep_all(
        run, level, "VMCOREINFO does not describe the kernel in this memory", bitmap, report);
  }
  const auto source =
      MemMapSource::find(*run.machine.image, run.machine.info, run.machine.shift, run.pages);
  if (!source) return keep_all(run, level, source.error().message, bitmap, report);
  report.filter =
      TRY(select_pages(*source, level, run.options.threads, bitmap, run.progress.selected));
  if (!level.excludes(DumpLevel::kFree)) return {};
  const auto proof = prove_free_pages(run.machine, report.filter);
  if (proof) return {};
  report.level = level.without(DumpLevel::kFree);
  report.warnings.push_back(fmt::format("free pages are kept: {}", proof.error().message));
  run.progress.selected = 0;
  report.filter =
      TRY(select_pages(*source, report.level, run.options.threads, bitmap, run.progress.selected));
  return {};
}

/// Chooses the pages of the dump; `report.level` may be lowered.
Status select_timed(const CaptureRun& run,
                    DumpLevel level,
                    PageBitmap& bitmap,
                    CaptureReport& report) {
  const auto start = Clock::now();
  report.level = level;
  report.pages = bitmap.existing_pages();
  run.progress.selected = 0;
  run.progress.selecting_total = report.pages;
  run.progress.stage = Stage::kSelecting;
  TRY(select(run, level, bitmap, report));
  // What was left out before stays left out.
  report.level = DumpLevel(report.level.bits() | run.machine.image->dump_level());
  report.kept = bitmap.dumped_pages();
  report.select_time = Clock::now() - start;
  return {};
}

/// Counts instead of keeping.
class ForgetfulStore final : public BlockStore {
 public:
  Status store(std::uint64_t /*block*/, const BlockBits& /*bits*/) override { return {}; }
  Result<BlockBits> load(std::uint64_t /*block*/) const override {
    return make_error(ErrorKind::kNotFound, "the bitmap was not kept");
  }
};

Status only_select(const CaptureRun& run, CaptureReport& report) {
  ForgetfulStore store;
  PageBitmap bitmap(run.pages, store, run.machine.image.get());
  return select_timed(run, run.options.level, bitmap, report);
}

/// What a reader cannot do without: the kernel's image, which holds its code, its data, the roots
/// of its page tables and, as a rule, the message buffer.
std::vector<Range> worth_most(const CrashedMachine& machine) {
  const auto start = machine.info.symbol("_stext");
  if (!start) return {};
  const auto space = make_address_space(*machine.image, machine.info);
  if (!space) return {};
  const auto found = (*space)->translate(*start);
  if (!found) return {};
  const std::uint64_t frame = found->phys.value() >> machine.shift.bits;
  return {{frame, frame + (kImageBytes >> machine.shift.bits)}};
}

/// Everything into the output but the word that it is complete.
Status write_dump(const CaptureRun& run,
                  DumpWriter& writer,
                  DumpLevel level,
                  CaptureReport& report) {
  PageBitmap bitmap(run.pages, writer.bitmap_store(), run.machine.image.get());
  TRY(writer.begin(bitmap, level));
  TRY(select_timed(run, level, bitmap, report));

  const auto copy_start = Clock::now();
  run.progress.copied = 0;
  run.progress.copying_total = bitmap.dumped_pages();
  run.progress.stage = Stage::kCopying;
  const CopyOptions options{run.options.codec, run.options.threads, worth_most(run.machine)};
  report.copy = TRY(writer.copy(bitmap, report.level, options, run.progress.copied));
  report.copy_time = Clock::now() - copy_start;
  return {};
}

/// Makes the dump durable, then calls it complete.
Status complete_dump(const CaptureRun& run,
                     DumpWriter& writer,
                     const Outputs& outputs,
                     CaptureReport& report) {
  const auto start = Clock::now();
  run.progress.stage = Stage::kFinishing;
  TRY(writer.complete());
  for (const auto& output : outputs) {
    const Output::Size size = TRY(output->size());
    report.file_length += size.length;
    report.file_allocated += size.allocated;
    TRY(output->close());
  }
  report.sync_time = Clock::now() - start;
  return {};
}

bool is_out_of_room(const Error& error) {
  return error.code == ENOSPC || error.code == EDQUOT || error.code == EFBIG;
}

void add_warnings(CaptureReport& report) {
  if (report.filter.faults > 0) {
    report.warnings.push_back(fmt::format(
        "{} pieces of the memmap could not be read; their pages are kept", report.filter.faults));
  }
  if (report.copy.unreadable > 0) {
    report.warnings.push_back(fmt::format(
        "{} pages could not be read; they are missing from the dump", report.copy.unreadable));
  }
}

}  // namespace

Result<CaptureReport> run_capture(const CaptureOptions& options, CaptureProgress& progress) {
  CaptureReport report;
  const auto access = options.map_input ? ElfImage::Access::kMap : ElfImage::Access::kRead;
  const CrashedMachine machine =
      TRY(open_machine(options.input, access, options.debug_info, report.warnings));
  report.release = std::string(machine.info.text("OSRELEASE").value_or(""));
  const std::vector<Range> pages = touched_pages(machine.image->ranges(), machine.shift);
  const DumpGeometry geometry =
      TRY(plan_geometry(machine.shift, pages, machine.image->notes_size()));
  report.page_size = machine.shift.page_size();
  report.front_bytes = geometry.descriptors_offset;

  const CaptureRun run{options, machine, pages, progress};
  if (options.dry_run) {
    TRY(only_select(run, report));
    add_warnings(report);
    return report;
  }

  // From here on there is an output, and it says that it is incomplete.
  const Outputs outputs = TRY(open_outputs(options));
  const std::unique_ptr<DumpWriter> writer =
      make_writer(options, machine, geometry, pages, outputs);
  auto status = write_dump(run, *writer, options.level, report);
  for (const DumpLevel level : options.smaller_levels) {
    if (status || !is_out_of_room(status.error())) break;
    report.warnings.push_back(fmt::format(
        "no room for a dump of level {}: level {} is tried", report.level.bits(), level.bits()));
    for (const auto& output : outputs) TRY(output->clear());
    status = write_dump(run, *writer, level, report);
  }
  if (!status) {
    // The first error is the one that counts.
    static_cast<void>(writer->abandon());
    for (const auto& output : outputs) static_cast<void>(output->sync());
    auto error = std::move(status).error();
    if (is_out_of_room(error)) {
      error.message += "; the file is marked incomplete. Make room, or leave out more (--level)";
    }
    return error;
  }
  TRY(complete_dump(run, *writer, outputs, report));
  add_warnings(report);
  return report;
}

}  // namespace kdump::capture
