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
  EXPECT_EQ(parsed({"--memory", "32M", "a", "b"}).memory_limit, 32ULL << 20U);
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
      {{"--codec", "lz4", "in", "out"}, "\"lz4\" is not a codec"},
      {{"--threads", "0", "in", "out"}, "number of threads (1 to 256)"},
      {{"--threads", "many", "in", "out"}, "number of threads"},
      {{"--force=yes", "in", "out"}, "option --force=yes: it takes no value"},
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
  // Taken, since scripts give them; there is nothing for them to change.
  parsed_makedumpfile({"-b", "4", "--cyclic-buffer=1024", "--work-dir", "/tmp", "in", "out"});
  parsed_makedumpfile({"--non-cyclic", "--splitblock-size", "1024", "in", "out"});
}

TEST(MakedumpfileOptions, OthersAreRefusedWithAReason) {
  const std::vector<Wrong> table = {
      {{"-X", "in", "out"}, "option -X of makedumpfile: Xen"},
      {{"-x", "vmlinux", "in", "out"}, "-x of makedumpfile: offsets are taken from the VMCOREINFO"},
      {{"--split", "in", "a", "b"}, "--split of makedumpfile: dumps are written to one file"},
      {{"--xen-syms", "x", "in", "out"}, "--xen-syms of makedumpfile: Xen"},
      {{"--mem-usage", "/proc/kcore"}, "--mem-usage"},
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
           {{"-L", "1G", "in", "out"}, "-L: \"1G\" is not a number"},
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
