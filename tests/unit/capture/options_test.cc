// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/options.h"

#include "capture/progress_display.h"
#include "capture/thread_budget.h"
#include "tests/support/temp_tree.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

namespace kdump::capture {
namespace {

using ::testing::HasSubstr;
using Action = Invocation::Action;
using Arguments = std::vector<std::string>;

Invocation parsed(const Arguments& arguments) {
  const auto call = parse_options(arguments);
  EXPECT_TRUE(call) << call.error().message;
  return call ? *call : Invocation{};
}

Invocation parsed_makedumpfile(const Arguments& arguments) {
  const auto call = parse_makedumpfile_options(arguments);
  EXPECT_TRUE(call) << call.error().message;
  return call ? *call : Invocation{};
}

TEST(Options, TheDefaultIsTheSmallestDumpWithAllCpus) {
  const Invocation call = parsed({"/proc/vmcore", "out"});
  EXPECT_EQ(call.action, Action::kCapture);
  EXPECT_EQ(call.capture.input, "/proc/vmcore");
  EXPECT_EQ(call.capture.output.path, "out");
  EXPECT_EQ(call.capture.level, DumpLevel(31));
  EXPECT_EQ(call.capture.codec, default_codec());
  EXPECT_FALSE(call.threads_given);
  EXPECT_TRUE(call.capture.map_input);
  EXPECT_FALSE(call.capture.output.overwrite);
  EXPECT_TRUE(call.progress);
  EXPECT_TRUE(call.summary);
}

TEST(Options, AreTakenInEverySpelling) {
  const Invocation call = parsed({"-d",
                                  "17,31",
                                  "in",
                                  "--codec=zstd:-3",
                                  "--threads",
                                  "3",
                                  "out",
                                  "-f",
                                  "--no-progress",
                                  "--stats"});
  EXPECT_EQ(call.capture.level, DumpLevel(17));
  EXPECT_EQ(call.capture.smaller_levels, std::vector<DumpLevel>{DumpLevel(31)});
  EXPECT_EQ(call.capture.codec, (CodecChoice{CodecKind::kZstd, -3}));
  EXPECT_EQ(call.capture.threads, 3U);
  EXPECT_TRUE(call.threads_given);
  EXPECT_FALSE(parsed({"--no-mmap", "a", "b"}).capture.map_input);
  EXPECT_TRUE(call.capture.output.overwrite);
  EXPECT_FALSE(call.progress);
  EXPECT_TRUE(call.stats);
  EXPECT_EQ(call.capture.output.path, "out");
  EXPECT_EQ(parsed({"--level=0", "a", "b"}).capture.level, DumpLevel(0));
  EXPECT_EQ(parsed({"-l", "a", "b"}).capture.codec.kind, CodecKind::kLzo);
  EXPECT_EQ(parsed({"-p", "a", "b"}).capture.codec.kind, CodecKind::kSnappy);
  EXPECT_EQ(parsed({"-c", "a", "b"}).capture.codec.kind, CodecKind::kZlib);
  EXPECT_EQ(parsed({"-z", "a", "b"}).capture.codec, default_codec());
  EXPECT_EQ(parsed({"--dump-dmesg", "a", "-"}).action, Action::kDumpDmesg);
  EXPECT_TRUE(parsed({"--dry-run", "a"}).capture.dry_run);
  EXPECT_EQ(parsed({"--dry-run", "a", "b"}).capture.output.path, "b");
  EXPECT_EQ(parsed({"--", "-a", "-b"}).capture.input, "-a");
  EXPECT_EQ(parsed({"--help"}).action, Action::kHelp);
  EXPECT_EQ(parsed({"-V"}).action, Action::kVersion);
  EXPECT_FALSE(parsed({"-q", "a", "b"}).summary);
}

TEST(Options, SayWhereTheDumpGoesAndInWhichForm) {
  EXPECT_EQ(parsed({"a", "b"}).capture.format, DumpFormat::kKdump);
  EXPECT_FALSE(parsed({"a", "b"}).capture.output.flattened);
  EXPECT_TRUE(parsed({"a", "-"}).capture.output.flattened) << "a pipe takes nothing else";
  const Invocation elf = parsed({"--output-format", "elf", "a", "b"});
  EXPECT_EQ(elf.capture.format, DumpFormat::kElf);
  EXPECT_FALSE(elf.capture.output.flattened);
  EXPECT_TRUE(parsed({"--output-format=flattened", "a", "b"}).capture.output.flattened);
  const Invocation both = parsed({"--output-format=flattened-elf", "a", "b"});
  EXPECT_EQ(both.capture.format, DumpFormat::kElf);
  EXPECT_TRUE(both.capture.output.flattened);
  EXPECT_EQ(parsed({"--size-limit", "2G", "a", "b"}).capture.output.size_limit, 2ULL << 30U);
  EXPECT_EQ(parsed({"--memory", "32M", "a", "b"}).capture.memory_limit, 32ULL << 20U);
}

TEST(Options, HaveTheirOwnSpellingOfWhatMakedumpfileDoes) {
  EXPECT_EQ(parsed({"--split", "--split-block", "1G", "in", "a", "b"}).capture.parts,
            (Arguments{"a", "b"}));
  EXPECT_EQ(parsed({"--split", "--split-block", "1G", "in", "a", "b"}).capture.split_block,
            1ULL << 30U);
  EXPECT_EQ(parsed({"rearrange", "-f", "out"}).action, Action::kRearrange);
  EXPECT_TRUE(parsed({"rearrange", "-f", "out"}).capture.output.overwrite);
  EXPECT_EQ(parsed({"reassemble", "a", "b", "out"}).dump_parts, (Arguments{"a", "b"}));
  EXPECT_EQ(parsed({"--dump-dmesg", "--partial-dmesg", "in", "-"}).log_part, LogPart::kSinceClear);
  EXPECT_EQ(parsed({"--vtop", "4096", "in", "out"}).translate, VirtAddr(4096));
  EXPECT_EQ(parsed({"--vmlinux", "v", "in", "out"}).debug_info.vmlinux, "v");
  EXPECT_EQ(parsed({"-i", "t", "in", "out"}).debug_info.vmcoreinfo, "t");
  const Invocation estimate = parsed({"--estimate", "--codec", "lzo"});
  EXPECT_EQ(estimate.action, Action::kEstimate);
  EXPECT_EQ(estimate.capture.input, "/proc/kcore")
      << "the running kernel, unless a vmcore is named";
  EXPECT_EQ(parsed({"--mem-usage", "vmcore"}).capture.input, "vmcore");
}

TEST(Options, PagesAreLeftOutByName) {
  struct Row {
    const char* list;
    std::uint32_t level;
  };
  for (const Row& row : std::vector<Row>{{"none", 0},
                                         {"zero", 1},
                                         {"cache", 2},
                                         {"cache-private", 6},
                                         {"user", 8},
                                         {"free", 16},
                                         {"free,zero", 17},
                                         {"zero,cache,user,free", 27},
                                         {"all", 31}}) {
    EXPECT_EQ(parsed({"--exclude", row.list, "a", "b"}).capture.level, DumpLevel(row.level))
        << row.list;
  }
}

struct Wrong {
  Arguments arguments;
  const char* message;
};

TEST(Options, WrongOnesAreNamed) {
  const std::vector<Wrong> table = {
      {{}, "INPUT OUTPUT"},
      {{"in"}, "INPUT OUTPUT"},
      {{"in", "out", "more"}, "INPUT OUTPUT"},
      {{"--frobnicate", "in", "out"}, "unknown option --frobnicate"},
      {{"-Q", "in", "out"}, "unknown option -Q"},
      {{"in", "out", "-d"}, "option -d needs a value"},
      {{"in", "out", "--threads"}, "option --threads needs a value"},
      {{"-d", "32", "in", "out"}, "\"32\" is not a dump level"},
      {{"-d", "31,", "in", "out"}, "is not a dump level"},
      {{"--exclude", "free,slab", "in", "out"}, "\"slab\" is not a kind of page (zero, cache"},
      {{"--output-format", "tar", "in", "out"}, "not an output format (kdump, elf, flattened"},
      {{"--size-limit", "0", "in", "out"}, "is not a size"},
      {{"--memory", "lots", "in", "out"}, "\"lots\" is not a size"},
      {{"--memory", "9M", "in", "out"}, "needs 10.0 MiB at least"},
      {{"--codec", "lz4", "in", "out"}, "\"lz4\" is not a codec"},
      {{"--threads", "0", "in", "out"}, "number of threads (1 to 256)"},
      {{"--threads", "many", "in", "out"}, "number of threads"},
      {{"--force=yes", "in", "out"}, "option --force=yes: it takes no value"},
      {{"rearrange"}, "none given, but names are needed: OUTPUT"},
      {{"reassemble", "a"}, "1 given, but names are needed: PART... OUTPUT"},
      {{"--split", "--output-format", "elf", "in", "a", "b"}, "only kdump-compressed files"},
      {{"--estimate", "a", "b"}, "2 given, but names are needed: INPUT"},
      {{"--partial-dmesg", "in", "out"}, "goes with --dump-dmesg only"},
  };
  for (const Wrong& row : table) {
    const auto call = parse_options(row.arguments);
    ASSERT_FALSE(call) << row.message;
    EXPECT_EQ(call.error().kind, ErrorKind::kUsage) << row.message;
    EXPECT_THAT(call.error().message, HasSubstr(row.message));
  }
}

TEST(MakedumpfileOptions, MeanWhatTheyMeanThere) {
  const Invocation plain = parsed_makedumpfile({"/proc/vmcore", "out"});
  EXPECT_TRUE(plain.as_makedumpfile);
  EXPECT_EQ(plain.capture.level, DumpLevel(0)) << "makedumpfile leaves nothing out unasked";
  EXPECT_EQ(plain.capture.codec.kind, CodecKind::kNone);

  const Invocation usual =
      parsed_makedumpfile({"-l", "--message-level", "7", "-d", "31", "/proc/vmcore", "out"});
  EXPECT_EQ(usual.capture.level, DumpLevel(31));
  EXPECT_EQ(usual.capture.codec.kind, CodecKind::kLzo);
  EXPECT_TRUE(usual.progress);
  EXPECT_TRUE(usual.summary);
  EXPECT_FALSE(usual.stats);

  const Invocation other =
      parsed_makedumpfile({"-zfD", "-d17,31", "--num-threads=4", "--message-level=2", "in", "out"});
  EXPECT_EQ(other.capture.codec, (CodecChoice{CodecKind::kZstd, 1})) << "its level is fixed";
  EXPECT_TRUE(other.capture.output.overwrite);
  EXPECT_EQ(other.capture.level, DumpLevel(17));
  EXPECT_EQ(other.capture.smaller_levels, std::vector<DumpLevel>{DumpLevel(31)});
  EXPECT_EQ(other.capture.threads, 4U);
  EXPECT_FALSE(other.progress);
  EXPECT_FALSE(parsed_makedumpfile({"--non-mmap", "a", "b"}).capture.map_input);
  EXPECT_EQ(parsed_makedumpfile({"--num-threads", "0", "a", "b"}).capture.threads, 1U);
  EXPECT_EQ(parsed_makedumpfile({"--num-threads", "999", "a", "b"}).capture.threads, kMaxThreads);
  EXPECT_EQ(parsed_makedumpfile({"--dump-dmesg", "a", "b"}).action, Action::kDumpDmesg);
  EXPECT_EQ(parsed_makedumpfile({"-h"}).action, Action::kHelp);
  EXPECT_EQ(parsed_makedumpfile({"-v"}).action, Action::kVersion);
}

TEST(MakedumpfileOptions, ChooseTheForm) {
  const Invocation stream = parsed_makedumpfile({"-F", "-c", "-d", "31", "in"});
  EXPECT_TRUE(stream.capture.output.flattened);
  EXPECT_EQ(stream.capture.output.path, "-");
  EXPECT_EQ(stream.capture.input, "in");
  EXPECT_EQ(parsed_makedumpfile({"-E", "in", "out"}).capture.format, DumpFormat::kElf);
  const Invocation both = parsed_makedumpfile({"-F", "-E", "-d", "31", "in"});
  EXPECT_EQ(both.capture.format, DumpFormat::kElf);
  EXPECT_TRUE(both.capture.output.flattened);
  EXPECT_EQ(parsed_makedumpfile({"-L", "4096", "in", "out"}).capture.output.size_limit, 4096U);
  EXPECT_TRUE(parsed_makedumpfile({"--dry-run", "in", "out"}).capture.dry_run);
  EXPECT_TRUE(parsed_makedumpfile({"--check-params", "in", "out"}).check_parameters);
  EXPECT_TRUE(parsed_makedumpfile({"--show-stats", "in", "out"}).stats);
}

// Every option of makedumpfile(8), as one line each: what becomes of it.
struct OptionRow {
  Arguments arguments;
  bool (*holds)(const Invocation& call);
};

TEST(MakedumpfileOptions, EachOneIsTaken) {
  const std::vector<OptionRow> table = {
      {{"-c", "in", "out"}, [](const auto& c) { return c.capture.codec.kind == CodecKind::kZlib; }},
      {{"-l", "in", "out"}, [](const auto& c) { return c.capture.codec.kind == CodecKind::kLzo; }},
      {{"-p", "in", "out"},
       [](const auto& c) { return c.capture.codec.kind == CodecKind::kSnappy; }},
      {{"-z", "in", "out"},
       [](const auto& c) {
         return c.capture.codec == CodecChoice{CodecKind::kZstd, 1};
       }},
      {{"-c", "-l", "in", "out"},
       [](const auto& c) { return c.capture.codec.kind == CodecKind::kLzo; }},
      {{"-d", "11,31", "in", "out"},
       [](const auto& c) {
         return c.capture.level == DumpLevel(11) && c.capture.smaller_levels.size() == 1;
       }},
      {{"-L", "1M", "in", "out"},
       [](const auto& c) { return c.capture.output.size_limit == 1U << 20U; }},
      {{"-E", "in", "out"}, [](const auto& c) { return c.capture.format == DumpFormat::kElf; }},
      {{"-f", "in", "out"}, [](const auto& c) { return c.capture.output.overwrite; }},
      {{"-x", "vmlinux", "in", "out"},
       [](const auto& c) { return c.debug_info.vmlinux == "vmlinux"; }},
      {{"-i", "text", "in", "out"},
       [](const auto& c) { return c.debug_info.vmcoreinfo == "text"; }},
      {{"-g", "text", "-x", "vmlinux"},
       [](const auto& c) {
         return c.action == Action::kMakeVmcoreinfo && c.capture.output.path == "text" &&
                c.capture.output.overwrite;
       }},
      {{"-F", "in"}, [](const auto& c) { return c.capture.output.flattened; }},
      {{"-R", "out"},
       [](const auto& c) {
         return c.action == Action::kRearrange && c.capture.output.path == "out";
       }},
      {{"--split", "in", "a", "b", "c"},
       [](const auto& c) {
         return c.capture.parts == Arguments{"a", "b", "c"};
       }},
      {{"--split", "--splitblock-size", "1024", "in", "a", "b"},
       [](const auto& c) { return c.capture.split_block == 1U << 20U; }},
      {{"--reassemble", "a", "b", "out"},
       [](const auto& c) {
         return c.action == Action::kReassemble && c.dump_parts == Arguments{"a", "b"} &&
                c.capture.output.path == "out";
       }},
      {{"--num-threads", "4", "in", "out"}, [](const auto& c) { return c.capture.threads == 4; }},
      {{"-b", "4", "in", "out"}, [](const auto& c) { return c.capture.output.path == "out"; }},
      {{"--cyclic-buffer", "1024", "in", "out"},
       [](const auto& c) { return c.capture.output.path == "out"; }},
      {{"--non-cyclic", "in", "out"}, [](const auto& c) { return c.capture.output.path == "out"; }},
      {{"--work-dir", "/tmp", "in", "out"},
       [](const auto& c) { return c.capture.output.path == "out"; }},
      {{"--non-mmap", "in", "out"}, [](const auto& c) { return !c.capture.map_input; }},
      {{"--message-level", "31", "in", "out"},
       [](const auto& c) { return c.progress && c.summary && c.stats; }},
      {{"--message-level", "0", "in", "out"},
       [](const auto& c) { return !c.progress && !c.summary && !c.stats; }},
      {{"--vtop", "0xffffffff81000000", "in", "out"},
       [](const auto& c) { return c.translate == VirtAddr(0xffffffff81000000ULL); }},
      {{"--vtop", "ffff888000000000", "in", "out"},
       [](const auto& c) { return c.translate == VirtAddr(0xffff888000000000ULL); }},
      {{"--dump-dmesg", "in", "out"},
       [](const auto& c) { return c.action == Action::kDumpDmesg && c.log_part == LogPart::kAll; }},
      {{"--dump-dmesg", "--partial-dmesg", "in", "out"},
       [](const auto& c) { return c.log_part == LogPart::kSinceClear; }},
      {{"--mem-usage", "/proc/kcore"},
       [](const auto& c) {
         return c.action == Action::kMemoryUsage && c.capture.input == "/proc/kcore";
       }},
      {{"-D", "in", "out"}, [](const auto& c) { return c.stats; }},
      {{"--show-stats", "in", "out"}, [](const auto& c) { return c.stats; }},
      {{"--check-params", "in", "out"}, [](const auto& c) { return c.check_parameters; }},
      {{"--dry-run", "in", "out"}, [](const auto& c) { return c.capture.dry_run; }},
      {{"-h"}, [](const auto& c) { return c.action == Action::kHelp; }},
      {{"--help"}, [](const auto& c) { return c.action == Action::kHelp; }},
      {{"-v"}, [](const auto& c) { return c.action == Action::kVersion; }},
  };
  for (const OptionRow& row : table) {
    EXPECT_TRUE(row.holds(parsed_makedumpfile(row.arguments)))
        << row.arguments.front() << " " << row.arguments.size();
  }
}

TEST(MakedumpfileOptions, OthersAreRefusedWithAReason) {
  const std::vector<Wrong> table = {
      {{"-X", "in", "out"}, "option -X of makedumpfile: dumps of a Xen hypervisor"},
      {{"--xen-syms", "x", "in", "out"}, "--xen-syms of makedumpfile: dumps of a Xen"},
      {{"--xen-vmcoreinfo", "x", "in", "out"}, "--xen-vmcoreinfo of makedumpfile: dumps of a Xen"},
      {{"--xen_phys_start", "1", "in", "out"}, "--xen_phys_start of makedumpfile: dumps of a Xen"},
      {{"--config", "f", "in", "out"}, "--config of makedumpfile: erasing kernel data"},
      {{"--eppic", "f", "in", "out"}, "--eppic of makedumpfile: erasing kernel data"},
      {{"--extension", "f", "in", "out"}, "--extension of makedumpfile: programs of others"},
      {{"--diskset=a", "--diskset=b", "out"}, "--diskset of makedumpfile: dumps of sadump"},
      {{"-e", "in", "out"}, "-e of makedumpfile: the memmap is always kept"},
  };
  for (const Wrong& row : table) {
    const auto call = parse_makedumpfile_options(row.arguments);
    ASSERT_FALSE(call) << row.message;
    EXPECT_EQ(call.error().kind, ErrorKind::kUnsupported) << row.message;
    EXPECT_THAT(call.error().message, HasSubstr(row.message));
  }
  const auto unknown = parse_makedumpfile_options({"--frobnicate", "in", "out"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  for (const Wrong& row : std::vector<Wrong>{
           {{"--message-level", "32", "a", "b"}, "is not a message level"},
           {{"-F", "in", "out"}, "with -F the dump goes to the standard output"},
           {{"-E", "-l", "in", "out"}, "-E cannot go with -c, -l, -p or -z"},
           {{"--cyclic-buffer", "big", "in", "out"}, "--cyclic-buffer: \"big\" is not a number"},
           {{"-b", "x", "in", "out"}, "-b: \"x\" is not a number"},
           {{"-L", "x", "in", "out"}, "\"x\" is not a size"},
           {{"--split", "in", "a"}, "2 given, but names are needed: INPUT OUTPUT OUTPUT..."},
           {{"--split", "-E", "in", "a", "b"}, "only kdump-compressed files can be split"},
           {{"--split", "-F", "in"}, "only kdump-compressed files can be split"},
           {{"--splitblock-size", "99999999999999999", "in", "a"}, "are too much"},
           {{"--reassemble", "a"}, "names are needed: PART... OUTPUT"},
           {{"-R"}, "none given, but names are needed: OUTPUT"},
           {{"-g", "text"}, "-g needs -x VMLINUX"},
           {{"-g", "text", "-x", "vmlinux", "in"}, "no further name"},
           {{"-x", "vmlinux", "-i", "text", "in", "out"}, "one of them is enough"},
           {{"--partial-dmesg", "in", "out"}, "goes with --dump-dmesg only"},
           {{"--dry-run", "--dump-dmesg", "in", "out"}, "--dry-run is for dumps only"},
           {{"--dry-run", "--reassemble", "a", "b", "c"}, "--dry-run is for dumps only"},
           {{"--dry-run", "-g", "text", "-x", "vmlinux"}, "--dry-run is for dumps only"},
           {{"--mem-usage"}, "names are needed: INPUT"},
           {{"--vtop", "here", "in", "out"}, "\"here\" is not an address"},
           {{"--check-params"}, "names are needed: INPUT OUTPUT"},
       }) {
    const auto call = parse_makedumpfile_options(row.arguments);
    ASSERT_FALSE(call) << row.message;
    EXPECT_EQ(call.error().kind, ErrorKind::kUsage) << row.message;
    EXPECT_THAT(call.error().message, HasSubstr(row.message));
  }
}

TEST(ThreadBudget, FollowsCpusAndMemory) {
  const kdump::test::TempTree tree;
  const unsigned cpus = std::thread::hardware_concurrency();
  EXPECT_LE(default_threads(tree.root()), 2U) << "nothing known of the memory";
  struct Row {
    const char* meminfo;
    unsigned most;
  };
  const std::vector<Row> table = {
      {"MemTotal: 100000 kB\nMemAvailable: 1000 kB\n", 1},
      {"MemAvailable:   16384 kB\n", 2},
      {"MemAvailable: 999999999 kB\n", kMaxThreads},
      {"MemAvailable: much\n", 2},
  };
  for (const Row& row : table) {
    tree.write("/proc/meminfo", row.meminfo);
    EXPECT_EQ(default_threads(tree.root()), std::clamp(cpus, 1U, row.most)) << row.meminfo;
  }
}

TEST(ThreadBudget, KeepsToAGivenAmountOfMemory) {
  EXPECT_EQ(threads_within(10ULL << 20U).value_or(0), 1U);
  EXPECT_EQ(threads_within(16ULL << 20U).value_or(0), 4U);
  EXPECT_EQ(threads_within(1ULL << 40U).value_or(0), kMaxThreads);
  EXPECT_EQ(threads_within(16ULL << 20U, 1ULL << 20U).value_or(0), 4U);
  EXPECT_EQ(threads_within(16ULL << 20U, 2ULL << 20U).value_or(0), 3U) << "large indexes count";
  const auto little = threads_within(9ULL << 20U);
  ASSERT_FALSE(little);
  EXPECT_EQ(little.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(little.error().message, HasSubstr("needs 10.0 MiB at least"));
}

TEST(Progress, SaysHowMuchIsLeft) {
  EXPECT_EQ(describe_progress("copying", 0, 1000, 0), "copying 0%");
  EXPECT_EQ(describe_progress("copying", 450, 1000, 55), "copying 45%, 55 pages/s, 10 s left");
  EXPECT_EQ(describe_progress("copying", 1000, 1000, 100), "copying 100%, 100 pages/s, 0 s left");
  EXPECT_EQ(describe_progress("copying", 0, 0, 0), "copying 0%") << "nothing to copy";
  EXPECT_EQ(describe_progress("copying", 7, 5, 1), "copying 100%, 1 pages/s, 0 s left");
}

}  // namespace
}  // namespace kdump::capture
