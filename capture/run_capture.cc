// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/run_capture.h"

#include "capture/crashed_machine.h"
#include "capture/distinct_files.h"
#include "capture/filter/page_selection.h"
#include "capture/filter/proofs.h"
#include "capture/format/dump_plan.h"
#include "capture/format/elf_writer.h"
#include "capture/format/kdump_writer.h"
#include "capture/format/split_writer.h"
#include "capture/kernel/memmap_source.h"
#include "capture/kernel_knowledge.h"
#include "capture/thread_budget.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <unistd.h>

namespace kdump::capture {
namespace {

using Clock = std::chrono::steady_clock;
using Stage = CaptureProgress::Stage;

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
  std::vector<std::string> created;
  for (const std::string& path : options.parts) {
    OutputChoice choice = options.output;
    choice.path = path;
    const bool existed = ::access(path.c_str(), F_OK) == 0;
    auto output = open_output(choice);
    if (!output) {
      // No empty parts of a dump that will not be.
      for (const std::string& each : created) static_cast<void>(::unlink(each.c_str()));
      return std::move(output).error();
    }
    outputs.push_back(*std::move(output));
    if (!existed) created.push_back(path);
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
  const KernelKnowledge& knowledge;
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

/// Fills the bitmap; lowers `report.level` where struct pages cannot be understood.
Status select(const CaptureRun& run, DumpLevel level, PageBitmap& bitmap, CaptureReport& report) {
  if (run.machine.identity == Identity::kContradicted) {
    return keep_all(
        run, level, "VMCOREINFO does not describe the kernel in this memory", bitmap, report);
  }
  const auto& machine = run.machine;
  auto source = MemMapSource::find(*machine.image, machine.info, machine.shift, run.pages);
  if (!source) return keep_all(run, level, source.error().message, bitmap, report);
  const KernelMemory memory(*machine.image, TRY(make_address_space(*machine.image, machine.info)));
  const auto translation = prove_translation(machine.info, memory);
  if (!translation) return keep_all(run, level, translation.error().message, bitmap, report);
  TRY(tell_known_pages(machine, run.knowledge, run.options.threads, *source));
  const auto select_level = [&](DumpLevel tried) -> Status {
    run.progress.selected = 0;
    report.filter =
        TRY(select_pages(*source, tried, run.options.threads, bitmap, run.progress.selected));
    return {};
  };
  TRY(select_level(level));
  for (const FailedProof& failed :
       prove_selection(*source, run.knowledge.info, memory, machine.notes.cpus, report.filter)) {
    if (!report.level.excludes(failed.bits)) continue;
    report.level = report.level.without(failed.bits);
    report.warnings.push_back(
        fmt::format("{} are kept: {}", excluded_by(failed.bits), failed.reason));
  }
  return report.level == level ? Status() : select_level(report.level);
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

/// What a reader cannot do without, in the order of its worth: the kernel's image, which holds its
/// code, its data, the roots of its page tables and, as a rule, the message buffer; then stacks,
/// per-CPU areas and the like.
std::vector<RangeSet> worth_most(const CrashedMachine& machine, const KnownPages& known) {
  std::vector<RangeSet> sets = {known.image, known.state};
  if (!known.image.empty()) return sets;
  // Without symbols of its sections: where the image is, as a rule.
  const auto start = machine.info.symbol("_stext");
  auto space = make_address_space(*machine.image, machine.info);
  if (!start || !space) return sets;
  const auto found = (*space)->translate(*start);
  if (!found) return sets;
  const std::uint64_t frame = found->phys.value() >> machine.shift.bits;
  const Range image{frame, frame + (kImageBytes >> machine.shift.bits)};
  sets[0].add(image);
  sets[1].subtract(image);
  return sets;
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
  const CopyOptions options{
      run.options.codec, run.options.threads, worth_most(run.machine, run.knowledge.pages)};
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

/// So many threads that the capture keeps to its memory; one where even that is too little, because
/// a dump counts for more than a limit.
unsigned affordable_threads(const CaptureOptions& options,
                            const CrashedMachine& machine,
                            const std::vector<Range>& pages,
                            CaptureReport& report) {
  if (!options.memory_limit) return options.threads;
  ForgetfulStore store;
  const PageBitmap bitmap(pages, store, machine.image.get());
  std::uint64_t indexes = machine.image->index_bytes() + bitmap.index_bytes();
  // A stream cannot be read back: its bitmap stays in memory.
  if (options.output.flattened) indexes += bitmap.blocks() * sizeof(BlockBits);
  const auto threads = threads_within(*options.memory_limit, indexes);
  if (threads) return std::min(options.threads, *threads);
  report.warnings.push_back(
      fmt::format("this machine may take more: {}; one thread is used", threads.error().message));
  return 1;
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

Result<CaptureReport> run_capture(const CaptureOptions& wanted, CaptureProgress& progress) {
  CaptureReport report;
  CaptureOptions options = wanted;
  const auto access = options.map_input ? ElfImage::Access::kChoose : ElfImage::Access::kRead;
  const CrashedMachine machine =
      TRY(open_machine(options.input, access, options.debug_info, report.warnings));
  report.release = std::string(machine.info.text("OSRELEASE").value_or(""));
  const std::vector<Range> pages = touched_pages(machine.image->ranges(), machine.shift);
  const DumpGeometry geometry =
      TRY(plan_geometry(machine.shift, pages, machine.image->notes_size()));
  options.threads = report.threads = affordable_threads(options, machine, pages, report);
  report.page_size = machine.shift.page_size();
  report.front_bytes = geometry.descriptors_offset;

  const KernelKnowledge knowledge = find_knowledge(machine);
  const CaptureRun run{options, machine, pages, knowledge, progress};
  if (options.dry_run) {
    TRY(only_select(run, report));
    add_warnings(report);
    return report;
  }

  TRY(check_distinct(
      {options.input},
      options.parts.empty() ? std::vector<std::string>{options.output.path} : options.parts));
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
