// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/options.h"

#include "base/text.h"
#include "capture/command_line.h"
#include "capture/memory_survey.h"
#include "capture/thread_budget.h"
#include "capture/vmcore/dump_file.h"

#include <algorithm>
#include <array>

namespace kdump::capture {
namespace {

constexpr std::string_view kStandardOutput = "-";

// Options without a letter.
enum LongOnly {
  kCodec = 256,
  kExclude,
  kThreads,
  kMemory,
  kOutputFormat,
  kSizeLimit,
  kDryRun,
  kNoMmap,
  kProgress,
  kNoProgress,
  kStats,
  kVerify,
  kDumpDmesg,
  kPartialDmesg,
  kSplit,
  kSplitBlock,
  kVtop,
  kMemUsage,
  kEstimate,
  kJson
};

constexpr std::array<option, 28> kOptions = {{
    {"level", required_argument, nullptr, 'd'},
    {"exclude", required_argument, nullptr, kExclude},
    {"codec", required_argument, nullptr, kCodec},
    {"threads", required_argument, nullptr, kThreads},
    {"memory", required_argument, nullptr, kMemory},
    {"output-format", required_argument, nullptr, kOutputFormat},
    {"size-limit", required_argument, nullptr, kSizeLimit},
    {"no-mmap", no_argument, nullptr, kNoMmap},
    {"force", no_argument, nullptr, 'f'},
    {"progress", no_argument, nullptr, kProgress},
    {"no-progress", no_argument, nullptr, kNoProgress},
    {"quiet", no_argument, nullptr, 'q'},
    {"stats", no_argument, nullptr, kStats},
    {"verify", no_argument, nullptr, kVerify},
    {"dump-dmesg", no_argument, nullptr, kDumpDmesg},
    {"partial-dmesg", no_argument, nullptr, kPartialDmesg},
    {"split", no_argument, nullptr, kSplit},
    {"split-block", required_argument, nullptr, kSplitBlock},
    {"vtop", required_argument, nullptr, kVtop},
    {"mem-usage", no_argument, nullptr, kMemUsage},
    {"estimate", no_argument, nullptr, kEstimate},
    {"json", no_argument, nullptr, kJson},
    {"vmcoreinfo", required_argument, nullptr, 'i'},
    {"vmlinux", required_argument, nullptr, 'x'},
    {"dry-run", no_argument, nullptr, kDryRun},
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'V'},
    {nullptr, 0, nullptr, 0},
}};

Status set_codec(std::string_view text, Invocation& call) {
  call.capture.codec = TRY(parse_codec(text));
  return {};
}

struct FormatRow {
  std::string_view name;
  DumpFormat format;
  bool flattened;
};

constexpr std::array<FormatRow, 4> kFormats = {{
    {"kdump", DumpFormat::kKdump, false},
    {"elf", DumpFormat::kElf, false},
    {"flattened", DumpFormat::kKdump, true},
    {"flattened-elf", DumpFormat::kElf, true},
}};

Status set_format(std::string_view text, CaptureOptions& options) {
  for (const FormatRow& row : kFormats) {
    if (row.name != text) continue;
    options.format = row.format;
    options.output.flattened = row.flattened;
    return {};
  }
  return make_error(ErrorKind::kUsage,
                    "\"{}\" is not an output format (kdump, elf, flattened, flattened-elf)",
                    text);
}

struct VerbRow {
  std::string_view name;
  Invocation::Action action;
};

// What is done with dumps that are there already.
constexpr std::array<VerbRow, 2> kVerbs = {{
    {"rearrange", Invocation::Action::kRearrange},
    {"reassemble", Invocation::Action::kReassemble},
}};

bool reads_live_kernel(Invocation::Action action) {
  return action == Invocation::Action::kMemoryUsage || action == Invocation::Action::kEstimate;
}

struct ClassRow {
  std::string_view name;
  std::uint32_t bits;
};

// As in makedumpfile page cache with private data goes only together with the other.
constexpr std::array<ClassRow, 7> kClasses = {{
    {"none", 0},
    {"zero", DumpLevel::kZero},
    {"cache", DumpLevel::kCache},
    {"cache-private", DumpLevel::kCache | DumpLevel::kCachePrivate},
    {"user", DumpLevel::kUser},
    {"free", DumpLevel::kFree},
    {"all", DumpLevel::kAll},
}};

Status set_excluded(std::string_view text, CaptureOptions& options) {
  std::uint32_t bits = 0;
  for (const std::string_view name : split(text, ',')) {
    const auto* const row = std::find_if(
        kClasses.begin(), kClasses.end(), [name](const ClassRow& r) { return r.name == name; });
    if (row == kClasses.end()) {
      return make_error(
          ErrorKind::kUsage,
          "\"{}\" is not a kind of page (zero, cache, cache-private, user, free, all, none)",
          name);
    }
    bits |= row->bits;
  }
  options.level = DumpLevel(bits);
  options.smaller_levels.clear();
  return {};
}

Status apply(int option, std::string_view value, Invocation& call) {
  switch (option) {
    case 'd':
      return parse_levels(value, call.capture);
    case kExclude:
      return set_excluded(value, call.capture);
    case kOutputFormat:
      return set_format(value, call.capture);
    case kSizeLimit:
      call.capture.output.size_limit = TRY(parse_bytes(value));
      break;
    case kMemory:
      call.capture.memory_limit = TRY(parse_bytes(value));
      static_cast<void>(TRY(threads_within(*call.capture.memory_limit)));
      break;
    case kCodec:
      return set_codec(value, call);
    case 'z':
      return set_codec("zstd", call);
    case 'l':
      return set_codec("lzo", call);
    case 'p':
      return set_codec("snappy", call);
    case 'c':
      return set_codec("zlib", call);
    case kThreads:
      call.capture.threads = TRY(parse_threads(value));
      call.threads_given = true;
      break;
    case kNoMmap:
      call.capture.map_input = false;
      break;
    case 'f':
      call.capture.output.overwrite = true;
      break;
    case kProgress:
      call.progress = true;
      break;
    case kNoProgress:
      call.progress = false;
      break;
    case 'q':
      call.progress = false;
      call.summary = false;
      break;
    case kStats:
      call.stats = true;
      break;
    case kVerify:
      call.verify = true;
      break;
    case kDumpDmesg:
      call.action = Invocation::Action::kDumpDmesg;
      break;
    case kPartialDmesg:
      call.log_part = LogPart::kSinceClear;
      break;
    case kSplit:
      call.split = true;
      break;
    case kSplitBlock:
      call.capture.split_block = TRY(parse_bytes(value));
      break;
    case kVtop:
      call.translate = TRY(parse_address(value));
      break;
    case kMemUsage:
      call.action = Invocation::Action::kMemoryUsage;
      break;
    case kEstimate:
      call.action = Invocation::Action::kEstimate;
      break;
    case kJson:
      call.json = true;
      break;
    case 'i':
      call.debug_info.vmcoreinfo = value;
      break;
    case 'x':
      call.debug_info.vmlinux = value;
      break;
    case kDryRun:
      call.capture.dry_run = true;
      break;
    case 'h':
      call.action = Invocation::Action::kHelp;
      break;
    default:
      call.action = Invocation::Action::kVersion;
      break;
  }
  return {};
}

}  // namespace

Result<Invocation> parse_options(const std::vector<std::string>& arguments) {
  Invocation call;
  std::vector<std::string> rest = arguments;
  for (const VerbRow& row : kVerbs) {
    if (rest.empty() || rest.front() != row.name) continue;
    call.action = row.action;
    rest.erase(rest.begin());
  }
  const bool verb = call.action != Invocation::Action::kCapture;
  const auto files = TRY(parse_command_line(
      rest, "d:zlpcfi:x:qhV", kOptions, [&call](int option, std::string_view value) {
        return apply(option, value, call);
      }));
  if (call.action == Invocation::Action::kHelp || call.action == Invocation::Action::kVersion) {
    return call;
  }
  if (!verb && files.empty() && reads_live_kernel(call.action)) {
    call.capture.input = kLiveKernel;
    return call;
  }
  TRY(check_combination(call));
  TRY(take_files(files, call));
  // A pipe can take nothing else.
  if (call.capture.output.path == kStandardOutput) call.capture.output.flattened = true;
  if (call.verify && call.capture.output.path == kStandardOutput) {
    return make_error(ErrorKind::kUsage,
                      "--verify needs a file: what went to standard output cannot be read back");
  }
  return call;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto value = parse_size(text);
  if (!value || *value == 0) {
    return make_error(ErrorKind::kUsage, "\"{}\" is not a size (bytes, or with K, M, G)", text);
  }
  return *value;
}

Result<unsigned> parse_threads(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value || *value == 0 || *value > kMaxThreads) {
    return make_error(
        ErrorKind::kUsage, "\"{}\" is not a number of threads (1 to {})", text, kMaxThreads);
  }
  return static_cast<unsigned>(*value);
}

Status parse_levels(std::string_view text, CaptureOptions& options) {
  std::vector<DumpLevel> levels;
  for (const std::string_view field : split(text, ',')) {
    levels.push_back(TRY(DumpLevel::parse(field)));
  }
  options.level = levels.front();
  options.smaller_levels.assign(levels.begin() + 1, levels.end());
  return {};
}

Result<VirtAddr> parse_address(std::string_view text) {
  auto value = parse_unsigned(text);
  if (!value) value = parse_hex(text);
  if (!value) return make_error(ErrorKind::kUsage, "\"{}\" is not an address", text);
  return VirtAddr(*value);
}

Status check_combination(const Invocation& call) {
  using Action = Invocation::Action;
  if (call.log_part == LogPart::kSinceClear && call.action != Action::kDumpDmesg) {
    return make_error(ErrorKind::kUsage, "--partial-dmesg goes with --dump-dmesg only");
  }
  if (call.capture.dry_run && call.action != Action::kCapture) {
    return make_error(ErrorKind::kUsage, "--dry-run is for dumps only");
  }
  if (call.json && call.action != Action::kEstimate) {
    return make_error(ErrorKind::kUsage, "--json goes with --estimate, info and verify only");
  }
  if (!call.debug_info.vmcoreinfo.empty() && !call.debug_info.vmlinux.empty()) {
    return make_error(ErrorKind::kUsage, "a vmlinux and a VMCOREINFO file: one of them is enough");
  }
  if (!call.split) return {};
  if (call.action != Action::kCapture) {
    return make_error(ErrorKind::kUsage, "--split is for dumps only");
  }
  if (call.capture.format == DumpFormat::kElf || call.capture.output.flattened) {
    return make_error(ErrorKind::kUsage,
                      "only kdump-compressed files can be split, not ELF files and streams");
  }
  if (call.verify) {
    return make_error(ErrorKind::kUsage,
                      "--verify reads one file; put the parts together first (reassemble)");
  }
  return {};
}

Status take_files(const std::vector<std::string>& files, Invocation& call) {
  using Action = Invocation::Action;
  CaptureOptions& options = call.capture;
  const auto needed = [&files](std::string_view names) {
    return make_error(ErrorKind::kUsage,
                      "{} given, but names are needed: {}",
                      files.empty() ? "none" : fmt::format("{}", files.size()),
                      names);
  };
  switch (call.action) {
    case Action::kRearrange:
    case Action::kMakeVmcoreinfo:
      if (files.size() != 1) return needed("OUTPUT");
      options.output.path = files[0];
      return {};
    case Action::kReassemble:
      if (files.size() < 2) return needed("PART... OUTPUT");
      call.dump_parts.assign(files.begin(), files.end() - 1);
      options.output.path = files.back();
      return {};
    case Action::kMemoryUsage:
    case Action::kEstimate:
      if (files.size() != 1) return needed("INPUT");
      options.input = files[0];
      return {};
    default:
      break;
  }
  if (options.dry_run && files.size() == 1) {
    options.input = files[0];
    return {};
  }
  if (call.split) {
    if (files.size() < 3) return needed("INPUT OUTPUT OUTPUT...");
    options.input = files[0];
    options.parts.assign(files.begin() + 1, files.end());
    return {};
  }
  if (files.size() != 2) return needed("INPUT OUTPUT");
  options.input = files[0];
  options.output.path = files[1];
  return {};
}

std::string help_text() {
  return R"(Usage: kdump-collect [OPTION]... INPUT OUTPUT
       kdump-collect --split [OPTION]... INPUT OUTPUT OUTPUT...
       kdump-collect --dump-dmesg [--partial-dmesg] [-f] INPUT OUTPUT
       kdump-collect --estimate [OPTION]... [INPUT]
       kdump-collect info [--json] FILE
       kdump-collect verify [--json] [--source VMCORE] FILE
       kdump-collect rearrange [-f] OUTPUT < STREAM
       kdump-collect reassemble [-f] PART... OUTPUT
       kdump-collect makedumpfile [OPTION OF MAKEDUMPFILE]... INPUT OUTPUT

Writes a filtered dump of a crashed machine's memory to OUTPUT, in a format that
crash and drgn read. INPUT is /proc/vmcore, an ELF vmcore, or a dump in any form
that this program, makedumpfile or QEMU writes, to be filtered further, compressed
otherwise or brought into another form. OUTPUT is a file, a block device, or - for
standard output. info says what a dump is, verify reads all of it back.

What to leave out:
  -d, --level N[,N]...  the sum of: 1 zero pages, 2 page cache, 4 page cache with
                        private data, 8 memory of processes, 16 free pages;
                        31 (the default) leaves out all of these. Further levels
                        are tried when OUTPUT has no room for the dump.

      --exclude LIST    the same by names: zero, cache, cache-private, user, free,
                        all, none

How to write it:
      --codec CODEC     zstd[:LEVEL] (the default), lzo, snappy, zlib[:LEVEL] or
                        none; -z, -l, -p and -c are short for the first four
      --threads N       threads; by default one for each CPU, as far as memory allows
      --memory SIZE     use no more memory than SIZE (at least 10M); costs threads
      --output-format F kdump (the default): kdump-compressed; elf: an ELF core file;
                        flattened or flattened-elf: the same as a stream, which
                        rearrange turns into a file. Standard output gets a
                        stream by default; pipes can take nothing else.
      --size-limit SIZE a dump that needs more counts as out of room
      --split           divide the dump among the OUTPUTs; crash opens them together,
                        reassemble makes one file of them
      --split-block SIZE
                        do not divide blocks of SIZE bytes of memory
      --verify          when it is written, read OUTPUT back and compare every page
                        with INPUT
  -f, --force           overwrite OUTPUT

What the kernel's memory lacks or says wrong:
  -i, --vmcoreinfo FILE take what VMCOREINFO lacks from FILE (kdump-vmcoreinfo(8))
  -x, --vmlinux FILE    the same from the debug information of a vmlinux

Instead of a dump:
      --dump-dmesg      write the kernel's messages as text; OUTPUT may be - for
                        standard output
      --partial-dmesg   only those since the log was last cleared
      --estimate        tell what dumps of each level would take: pages, bytes, time.
                        INPUT is /proc/kcore unless given: the running kernel
      --json            with --estimate: one JSON object, sizes in bytes
      --mem-usage       tell only how many pages of each kind there are
      --dry-run         only tell which pages a dump would have; OUTPUT may be left
                        out, and nothing is written

Other:
      --vtop ADDRESS    tell where a kernel address lies in physical memory, too
      --no-mmap         read INPUT, never map it
      --progress        show how far the capture has come (the default)
      --no-progress     do not
      --stats           say more about what was done
  -q, --quiet           show errors and warnings only
  -h, --help            show this text
  -V, --version         show the version

OUTPUT is created with mode 0600. Until the last byte is on the disk it is marked
incomplete. Exit codes: 0 a dump was written, 1 failure, 2 wrong usage, or the
vmlinux or VMCOREINFO file is that of another kernel.
)";
}

}  // namespace kdump::capture
