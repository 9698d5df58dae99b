// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"
#include "capture/command_line.h"
#include "capture/options.h"
#include "capture/thread_budget.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace kdump::capture {
namespace {

enum LongOnly {
  kMessageLevel = 256,
  kNumThreads,
  kNonMmap,
  kDumpDmesg,
  kPartialDmesg,
  kDryRun,
  kCheckParams,
  kShowStats,
  kCyclicBuffer,
  kSplit,
  kSplitblockSize,
  kReassemble,
  kMemUsage,
  kVtop,
  kWorkDir,
  kNonCyclic,
  kRefused
};

// makedumpfile(8): bits of --message-level.
constexpr std::uint64_t kProgressMessages = 1;
constexpr std::uint64_t kCommonMessages = 2;
constexpr std::uint64_t kReportMessages = 16;
constexpr std::uint64_t kMaxMessageLevel = 31;

struct RefusedOption {
  int option;
  const char* name;
  int has_value;
  const char* reason;
};

constexpr const char* kNoErase =
    "erasing kernel data is not supported; what must not leave the machine has to be encrypted "
    "with the whole dump";
constexpr const char* kNoXen = "dumps of a Xen hypervisor are not supported";

constexpr std::array<RefusedOption, 9> kRefusedOptions = {{
    {'e', nullptr, no_argument, "the memmap is always kept; leave the option out"},
    {'X', nullptr, no_argument, kNoXen},
    {kRefused + 0, "xen-syms", required_argument, kNoXen},
    {kRefused + 1, "xen-vmcoreinfo", required_argument, kNoXen},
    {kRefused + 2, "xen_phys_start", required_argument, kNoXen},
    {kRefused + 3, "config", required_argument, kNoErase},
    {kRefused + 4, "eppic", required_argument, kNoErase},
    {kRefused + 5, "extension", required_argument, "programs of others are not loaded"},
    {kRefused + 6,
     "diskset",
     required_argument,
     "dumps of sadump firmware are not supported; makedumpfile itself converts them"},
}};

constexpr std::array<option, 18> kAccepted = {{
    {"message-level", required_argument, nullptr, kMessageLevel},
    {"num-threads", required_argument, nullptr, kNumThreads},
    {"non-mmap", no_argument, nullptr, kNonMmap},
    {"dump-dmesg", no_argument, nullptr, kDumpDmesg},
    {"partial-dmesg", no_argument, nullptr, kPartialDmesg},
    {"dry-run", no_argument, nullptr, kDryRun},
    {"check-params", no_argument, nullptr, kCheckParams},
    {"show-stats", no_argument, nullptr, kShowStats},
    {"cyclic-buffer", required_argument, nullptr, kCyclicBuffer},
    {"split", no_argument, nullptr, kSplit},
    {"splitblock-size", required_argument, nullptr, kSplitblockSize},
    {"reassemble", no_argument, nullptr, kReassemble},
    {"mem-usage", no_argument, nullptr, kMemUsage},
    {"vtop", required_argument, nullptr, kVtop},
    {"work-dir", required_argument, nullptr, kWorkDir},
    {"non-cyclic", no_argument, nullptr, kNonCyclic},
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'v'},
}};

std::string all_letters() {
  std::string letters = "clpzd:DfvhEFRL:b:x:i:g:";
  for (const RefusedOption& refused : kRefusedOptions) {
    if (refused.name != nullptr) continue;
    letters += static_cast<char>(refused.option);
    if (refused.has_value == required_argument) letters += ':';
  }
  return letters;
}

std::vector<option> all_long_options() {
  std::vector<option> options(kAccepted.begin(), kAccepted.end());
  for (const RefusedOption& refused : kRefusedOptions) {
    if (refused.name == nullptr) continue;
    options.push_back({refused.name, refused.has_value, nullptr, refused.option});
  }
  options.push_back({nullptr, 0, nullptr, 0});
  return options;
}

/// As it is written: "-b", "--work-dir".
std::string option_name(int option) {
  if (option < kMessageLevel) return fmt::format("-{}", static_cast<char>(option));
  for (const struct option& row : all_long_options()) {
    if (row.val == option && row.name != nullptr) return fmt::format("--{}", row.name);
  }
  return {};
}

Result<std::uint64_t> parse_number(const std::string& name, std::string_view value) {
  const auto number = parse_unsigned(value);
  if (!number) return make_error(ErrorKind::kUsage, "{}: \"{}\" is not a number", name, value);
  return *number;
}

Result<std::uint64_t> parse_kib(const std::string& name, std::string_view value) {
  constexpr unsigned kKib = 10;
  const std::uint64_t number = TRY(parse_number(name, value));
  if (number > std::numeric_limits<std::uint64_t>::max() >> kKib) {
    return make_error(ErrorKind::kUsage, "{}: {} KiB are too much", name, number);
  }
  return number << kKib;
}

Error refusal(int option) {
  const auto* const row = std::find_if(
      kRefusedOptions.begin(), kRefusedOptions.end(), [option](const RefusedOption& refused) {
        return refused.option == option;
      });
  return make_error(
      ErrorKind::kUnsupported, "option {} of makedumpfile: {}", option_name(option), row->reason);
}

/// makedumpfile takes any number: 0 is its way to say one thread, and a line that was written for a
/// larger machine must not cost the dump.
Result<unsigned> parse_any_threads(std::string_view text) {
  const auto value = parse_unsigned(text);
  if (!value) return parse_threads(text);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(*value, 1, kMaxThreads));
}

Status set_message_level(std::string_view value, Invocation& call) {
  const auto level = parse_unsigned(value);
  if (!level || *level > kMaxMessageLevel) {
    return make_error(
        ErrorKind::kUsage, "\"{}\" is not a message level (0 to {})", value, kMaxMessageLevel);
  }
  call.progress = (*level & kProgressMessages) != 0;
  call.summary = (*level & kCommonMessages) != 0;
  call.stats = (*level & kReportMessages) != 0;
  return {};
}

Status apply(int option, std::string_view value, Invocation& call) {
  switch (option) {
    case 'c':
      call.capture.codec = TRY(parse_codec("zlib"));
      break;
    case 'l':
      call.capture.codec = TRY(parse_codec("lzo"));
      break;
    case 'p':
      call.capture.codec = TRY(parse_codec("snappy"));
      break;
    case 'z':
      call.capture.codec = TRY(parse_codec("zstd:1"));
      break;
    case 'd':
      return parse_levels(value, call.capture);
    case 'E':
      call.capture.format = DumpFormat::kElf;
      break;
    case 'F':
      call.capture.output.flattened = true;
      break;
    case 'R':
      call.action = Invocation::Action::kRearrange;
      break;
    case 'g':
      call.action = Invocation::Action::kMakeVmcoreinfo;
      call.capture.output.path = value;
      // makedumpfile replaces the file, unlike dumps.
      call.capture.output.overwrite = true;
      break;
    case 'i':
      call.debug_info.vmcoreinfo = value;
      break;
    case 'x':
      call.debug_info.vmlinux = value;
      break;
    case 'L':
      call.capture.output.size_limit = TRY(parse_bytes(value));
      break;
    case 'D':
    case kShowStats:
      call.stats = true;
      break;
    case kDryRun:
      call.capture.dry_run = true;
      break;
    case kCheckParams:
      call.check_parameters = true;
      break;
    // They divide makedumpfile's memory; here it is the same for every dump. What is no number is
    // an error as it is there.
    case 'b':
    case kCyclicBuffer:
      static_cast<void>(TRY(parse_number(option_name(option), value)));
      break;
    case kSplit:
      call.split = true;
      break;
    case kSplitblockSize:
      call.capture.split_block = TRY(parse_kib(option_name(option), value));
      break;
    case kReassemble:
      call.action = Invocation::Action::kReassemble;
      break;
    case kMemUsage:
      call.action = Invocation::Action::kMemoryUsage;
      break;
    case kVtop:
      call.translate = TRY(parse_address(value));
      break;
    case kPartialDmesg:
      call.log_part = LogPart::kSinceClear;
      break;
    case kWorkDir:
    case kNonCyclic:
      break;
    case 'f':
      call.capture.output.overwrite = true;
      break;
    case kMessageLevel:
      return set_message_level(value, call);
    case kNumThreads:
      call.capture.threads = TRY(parse_any_threads(value));
      call.threads_given = true;
      break;
    case kNonMmap:
      call.capture.map_input = false;
      break;
    case kDumpDmesg:
      call.action = Invocation::Action::kDumpDmesg;
      break;
    case 'h':
      call.action = Invocation::Action::kHelp;
      break;
    case 'v':
      call.action = Invocation::Action::kVersion;
      break;
    default:
      return refusal(option);
  }
  return {};
}

Status check_makedumpfile(const Invocation& call) {
  using Action = Invocation::Action;
  if (call.capture.format == DumpFormat::kElf && call.capture.codec.kind != CodecKind::kNone) {
    return make_error(ErrorKind::kUsage,
                      "-E cannot go with -c, -l, -p or -z: ELF files are not compressed");
  }
  if (call.action == Action::kMakeVmcoreinfo && call.debug_info.vmlinux.empty()) {
    return make_error(ErrorKind::kUsage, "-g needs -x VMLINUX");
  }
  return check_combination(call);
}

Status take_makedumpfile_files(const std::vector<std::string>& files, Invocation& call) {
  using Action = Invocation::Action;
  if (call.action == Action::kMakeVmcoreinfo) {
    if (files.empty()) return {};
    return make_error(ErrorKind::kUsage, "with -g and -x no further name is needed");
  }
  if (!call.capture.output.flattened || call.action != Action::kCapture) {
    return take_files(files, call);
  }
  if (files.size() != 1) {
    return make_error(ErrorKind::kUsage,
                      "with -F the dump goes to the standard output: one name is needed, VMCORE");
  }
  call.capture.input = files.front();
  call.capture.output.path = "-";
  return {};
}

}  // namespace

Result<Invocation> parse_makedumpfile_options(const std::vector<std::string>& arguments) {
  Invocation call;
  call.as_makedumpfile = true;
  // makedumpfile(8): without options everything is dumped, and nothing compressed.
  call.capture.level = DumpLevel(0);
  call.capture.codec = {CodecKind::kNone, 0};
  const std::vector<option> long_options = all_long_options();
  const auto files = TRY(parse_command_line(
      arguments, all_letters(), long_options, [&call](int option, std::string_view value) {
        return apply(option, value, call);
      }));
  if (call.action == Invocation::Action::kHelp || call.action == Invocation::Action::kVersion) {
    return call;
  }
  TRY(check_makedumpfile(call));
  TRY(take_makedumpfile_files(files, call));
  return call;
}

std::string makedumpfile_help_text() {
  return R"(Usage: makedumpfile [OPTION]... VMCORE DUMPFILE
       makedumpfile -F [OPTION]... VMCORE > STREAM
       makedumpfile -R [-f] DUMPFILE < STREAM
       makedumpfile --split [OPTION]... VMCORE DUMPFILE DUMPFILE...
       makedumpfile --reassemble [-f] DUMPFILE DUMPFILE... DUMPFILE
       makedumpfile --dump-dmesg [--partial-dmesg] [-f] VMCORE LOGFILE
       makedumpfile --mem-usage /proc/kcore
       makedumpfile -g VMCOREINFO -x VMLINUX
       makedumpfile -h | -v

This is kdump-collect answering to makedumpfile's command line; see
kdump-collect --help. Options in makedumpfile's meaning:
  -c, -l, -p, -z        compress pages with zlib, lzo, snappy or zstd
  -d LEVEL[,LEVEL]...   what to leave out, 0 (nothing, the default) to 31; further
                        levels are tried when there is no room for the dump
  -E                    write an ELF file (not compressed)
  -F                    write a stream to standard output: the flattened format
  -R                    make a file of a stream on standard input
  --split               divide the dump among the DUMPFILEs
  --splitblock-size N   do not divide blocks of N KiB of memory
  --reassemble          make one file of the files of a divided dump
  -L SIZE               a dump of more bytes counts as out of room
  -f                    overwrite DUMPFILE
  -i VMCOREINFO         take what the VMCOREINFO of VMCORE lacks from this file
  -x VMLINUX            the same from the debug information of a vmlinux
  -g VMCOREINFO         write such a file
  -D                    say more about what was done
  --message-level N     sum of 1 progress, 2 common messages, 16 report; errors are
                        always shown
  --num-threads N       threads; by default one for each CPU, as far as memory allows
  --non-mmap            read VMCORE, never map it
  --dump-dmesg          write the kernel's messages as text
  --partial-dmesg       only those since the log was last cleared
  --mem-usage           tell how many pages of each kind the running kernel has
  --vtop ADDRESS        tell where a kernel address lies in physical memory, too
  --dry-run             only tell which pages a dump would have
  --check-params        check the command line only
  --show-stats          say more about what was done
  -b, --cyclic-buffer, --work-dir, --non-cyclic
                        taken, and without effect: memory use does not depend on them
  -h, -v                show this text; show the version
Exit codes: 0 done, 1 failure, 2 VMLINUX or VMCOREINFO is that of another kernel.
)";
}

}  // namespace kdump::capture
