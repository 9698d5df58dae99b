// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/options.h"

#include "base/text.h"
#include "capture/command_line.h"
#include "capture/thread_budget.h"

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
  kDumpDmesg
};

constexpr std::array<option, 19> kOptions = {{
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
      call.memory_limit = TRY(parse_bytes(value));
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
  const auto files = TRY(parse_command_line(
      arguments, "d:zlpcfqhV", kOptions, [&call](int option, std::string_view value) {
        return apply(option, value, call);
      }));
  if (call.action == Invocation::Action::kHelp || call.action == Invocation::Action::kVersion) {
    return call;
  }
  TRY(take_files(files, call.capture));
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

Status take_files(const std::vector<std::string>& files, CaptureOptions& options) {
  if (options.dry_run && files.size() == 1) {
    options.input = files[0];
    return {};
  }
  if (files.size() != 2) {
    return make_error(ErrorKind::kUsage,
                      "{} given, but two names are needed: INPUT OUTPUT",
                      files.empty() ? "none" : fmt::format("{}", files.size()));
  }
  options.input = files[0];
  options.output.path = files[1];
  return {};
}

std::string help_text() {
  return R"(Usage: kdump-collect [OPTION]... INPUT OUTPUT
       kdump-collect --dump-dmesg [-f] INPUT OUTPUT
       kdump-collect info [--json] FILE
       kdump-collect verify [--json] [--source VMCORE] FILE
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
                        makedumpfile(8) can rearrange. Standard output gets a
                        stream by default; pipes can take nothing else.
      --size-limit SIZE a dump that needs more counts as out of room
      --verify          when it is written, read OUTPUT back and compare every page
                        with INPUT
  -f, --force           overwrite OUTPUT

Other:
      --dump-dmesg      write the kernel's messages as text instead; OUTPUT may
                        be - for standard output
      --dry-run         only tell which pages a dump would have; OUTPUT may be left
                        out, and nothing is written
      --no-mmap         read INPUT, never map it
      --progress        show how far the capture has come (the default)
      --no-progress     do not
      --stats           say more about what was done
  -q, --quiet           show errors and warnings only
  -h, --help            show this text
  -V, --version         show the version

OUTPUT is created with mode 0600. Until the last byte is on the disk it is marked
incomplete. Exit codes: 0 a dump was written, 1 failure, 2 wrong usage.
)";
}

}  // namespace kdump::capture
