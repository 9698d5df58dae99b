// SPDX-License-Identifier: GPL-2.0-or-later
// The program as a person, a script and a capture kernel meet it.
#include "base/io.h"
#include "base/subprocess.h"
#include "tests/support/source_tree.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/flattened_reader.h"
#include "tests/support/vmcore/kdump_reader.h"
#include "tests/support/vmcore/toy_kernel.h"
#include "tests/support/vmcore/toy_printk_ring.h"

#include <gmock/gmock.h>

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <regex>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace kdump::capture {
namespace {

using test::KdumpReader;
using test::ToyKernel;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

struct ProgramRun {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class Program : public ::testing::Test {
 protected:
  ProgramRun run(const std::vector<std::string>& arguments,
                 const std::string& program = KDUMP_COLLECT_PROGRAM) {
    tree_.write("/stdout", "");
    tree_.write("/stderr", "");
    const Fd out = *Fd::open(tree_.path("/stdout"), O_WRONLY);
    const Fd err = *Fd::open(tree_.path("/stderr"), O_WRONLY);
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto child = Child::spawn(argv, {-1, out.raw(), err.raw()});
    EXPECT_TRUE(child);
    const auto status = child->wait();
    EXPECT_TRUE(status);
    EXPECT_EQ(status->signal, 0) << status->describe();
    return {status->exit_code, tree_.read("/stdout"), tree_.read("/stderr")};
  }

  /// The options that a help text names.
  std::set<std::string> options_of(const std::vector<std::string>& arguments) {
    const std::regex option("(^|[ ,])(--?[a-zA-Z][a-z-]*)");
    const std::string help = run(arguments).out;
    std::set<std::string> options;
    for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
      options.insert((*at)[2]);
    }
    return options;
  }

  /// A vmcore of 256 MiB; `noise_pages` of it take a codec some time.
  void write_vmcore(std::uint64_t noise_pages = 16) {
    ToyKernel::Options options;
    options.memory = {{0x100000, 0x10000000}};
    ToyKernel kernel(options);
    test::ToyPrintkRing ring(kernel, 5, 12);
    ring.add(1'000'000'000, "sysrq: Trigger a crash");
    kernel.make_free(0xf000, 10);
    std::mt19937_64 random(1);
    for (std::uint64_t pfn = 0x9000; pfn < 0x9000 + noise_pages; ++pfn) {
      for (std::uint64_t i = 0; i < 4096; i += 8) {
        kernel.memory().put(PhysAddr(pfn * 4096 + i), random() & 0x0f0f0f0f0f0f0f0fULL);
      }
    }
    ASSERT_TRUE(kernel.finish().save_elf(vmcore_));
  }

  kdump::test::TempTree tree_;
  std::string vmcore_ = tree_.path("/vmcore");
  std::string dump_ = tree_.path("/dump");
};

TEST_F(Program, HelpAndVersionAreAnswered) {
  const ProgramRun help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, StartsWith("Usage: kdump-collect"));
  EXPECT_EQ(help.err, "");
  const ProgramRun version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, MatchesRegex("kdump-collect [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const ProgramRun other = run({"makedumpfile", "-h"});
  EXPECT_EQ(other.exit_code, 0);
  EXPECT_THAT(other.out, StartsWith("Usage: makedumpfile"));
}

TEST_F(Program, TheManualPageKnowsEveryOption) {
  const auto page = read_file(kdump::test::source_path("docs/man/kdump-collect.8"));
  ASSERT_TRUE(page);
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"makedumpfile", "--help"}, {"info", "--help"}, {"verify", "--help"}}) {
    const std::set<std::string> options = options_of(arguments);
    EXPECT_GE(options.size(), 3U);
    for (const std::string& name : options) {
      EXPECT_NE(page->find(name), std::string::npos) << name << " is not in the manual page";
    }
  }
}

TEST_F(Program, TheCompletionKnowsEveryOption) {
  for (const std::string shell : {"bash", "zsh"}) {
    const auto script =
        read_file(kdump::test::source_path("packaging/completions/kdump-collect." + shell));
    ASSERT_TRUE(script);
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"--help"}, {"info", "--help"}, {"verify", "--help"}}) {
      for (const std::string& name : options_of(arguments)) {
        EXPECT_NE(script->find(name), std::string::npos) << shell << ": " << name;
      }
    }
  }
}

TEST_F(Program, WrongUsageIsExplained) {
  const ProgramRun none = run({});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("INPUT OUTPUT"));
  EXPECT_THAT(none.err, HasSubstr("kdump-collect --help"));
  const ProgramRun refused = run({"makedumpfile", "-X", "in", "out"});
  EXPECT_EQ(refused.exit_code, 1) << "makedumpfile's code for any failure";
  EXPECT_THAT(refused.err, HasSubstr("makedumpfile: option -X"));
  const ProgramRun absent = run({tree_.path("/absent"), dump_});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_THAT(absent.err, HasSubstr("/absent: No such file or directory"));
  EXPECT_FALSE(tree_.exists("/dump"));
}

TEST_F(Program, WritesADumpAndSaysWhatItDid) {
  write_vmcore();
  const ProgramRun done = run({vmcore_, dump_, "--no-progress", "--stats"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.err, HasSubstr("left out: 1024 free"));
  EXPECT_THAT(done.err, HasSubstr("level 31"));
  const auto dump = KdumpReader::open(dump_);
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_TRUE(dump->complete());

  const ProgramRun again = run({vmcore_, dump_});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr(dump_ + " exists; -f (--force) overwrites it"));
  const ProgramRun forced = run({"-qf", vmcore_, dump_});
  EXPECT_EQ(forced.exit_code, 0);
  EXPECT_EQ(forced.err, "");
}

TEST_F(Program, SpeaksAsMakedumpfileWhenCalledSo) {
  write_vmcore();
  const std::string alias = tree_.path("/makedumpfile");
  ASSERT_EQ(::symlink(KDUMP_COLLECT_PROGRAM, alias.c_str()), 0);
  const ProgramRun done = run({"-l", "--message-level", "7", "-d", "31", vmcore_, dump_}, alias);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.out, "\nThe dumpfile is saved to " + dump_ + ".\n\nmakedumpfile Completed.\n");
  const auto dump = KdumpReader::open(dump_);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->status, 2U);
  const ProgramRun text = run({"--dump-dmesg", vmcore_, tree_.path("/text")}, alias);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(tree_.read("/text"), "[    1.000000] sysrq: Trigger a crash\n");
}

TEST_F(Program, WritesTheLogToStandardOutput) {
  write_vmcore();
  const ProgramRun done = run({"--dump-dmesg", "-q", vmcore_, "-"});
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(done.out, "[    1.000000] sysrq: Trigger a crash\n");
  EXPECT_EQ(done.err, "");
}

TEST_F(Program, StreamsToAPipe) {
  write_vmcore();
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {vmcore_, "-"}, {"makedumpfile", "-F", "-l", vmcore_}}) {
    const ProgramRun done = run(arguments);
    EXPECT_EQ(done.exit_code, 0) << done.err;
    const auto stream = test::FlattenedReader::parse(done.out);
    ASSERT_TRUE(stream) << "nothing but the dump is on standard output";
    EXPECT_TRUE(stream->ended);
    tree_.write("/dump", stream->contents);
    const auto dump = KdumpReader::open(dump_);
    ASSERT_TRUE(dump) << dump.error().message;
    EXPECT_TRUE(dump->complete());
  }
}

TEST_F(Program, WhatIsReadIsNeverOverwritten) {
  write_vmcore();
  struct stat before {};
  ASSERT_EQ(::stat(vmcore_.c_str(), &before), 0);
  tree_.link("/symbolic", vmcore_);
  const std::string hard = tree_.path("/hard");
  ASSERT_EQ(::link(vmcore_.c_str(), hard.c_str()), 0);
  for (const std::string& output : {vmcore_, tree_.path("/symbolic"), hard}) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"-q", "-f", vmcore_, output},
             {"-q", "-f", "--output-format", "elf", vmcore_, output},
             {"-q", "-f", "--output-format", "flattened", vmcore_, output},
             {"-q", "-f", "--dump-dmesg", vmcore_, output},
             {"-q", "-f", "--split", vmcore_, dump_, output},
             {"makedumpfile", "-f", "-l", "-d", "31", vmcore_, output}}) {
      const ProgramRun ran = run(arguments);
      EXPECT_NE(ran.exit_code, 0) << ran.err;
      EXPECT_THAT(ran.err, HasSubstr("give the output another name"));
      struct stat after {};
      ASSERT_EQ(::stat(vmcore_.c_str(), &after), 0);
      ASSERT_EQ(after.st_size, before.st_size);
      ASSERT_EQ(after.st_blocks, before.st_blocks);
      ASSERT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec) << "nothing was written";
    }
  }
  const ProgramRun twice = run({"-q", "-f", "--split", vmcore_, dump_, dump_});
  EXPECT_NE(twice.exit_code, 0);
  EXPECT_THAT(twice.err, HasSubstr("are the same file"));
}

// Power loss, kill -9, the OOM killer: whatever is there says that it is not all.
TEST_F(Program, AKilledCaptureLeavesAFileThatSaysSo) {
  write_vmcore(6000);
  auto child =
      Child::spawn({KDUMP_COLLECT_PROGRAM, "-q", "--codec", "zstd:19", vmcore_, dump_}, {});
  ASSERT_TRUE(child);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto so_far = read_file(dump_);
    if (so_far && so_far->size() > (1U << 20U)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  child->kill(SIGKILL);
  const auto status = child->wait();
  ASSERT_TRUE(status);
  ASSERT_EQ(status->signal, SIGKILL) << "killed before it was done";
  const auto text = read_file(dump_);
  ASSERT_TRUE(text);
  ASSERT_GT(text->size(), 464U);
  std::uint32_t flags = 0;
  std::memcpy(&flags, text->data() + 424, sizeof(flags));
  EXPECT_EQ(text->substr(0, 8), "KDUMP   ");
  EXPECT_EQ(flags & 8U, 8U);
}

/// What the program says that it took at most, in KiB.
std::uint64_t peak_kib(const std::string& summary) {
  const std::regex peak("peak memory ([0-9.]+) ([KM])iB");
  std::smatch found;
  if (!std::regex_search(summary, found, peak)) return 0;
  return static_cast<std::uint64_t>(std::stod(found[1]) * (found[2] == "M" ? 1024 : 1));
}

// 16 MiB and 1.5 MiB a thread, whatever the size of the machine: here of 2 GiB and of 1 TiB with
// all of its memmap, 1 GiB of struct pages of 64 KiB pages, nearly all of them free.
TEST_F(Program, MemoryDoesNotGrowWithTheMachine) {
  for (const std::uint64_t gib : {2ULL, 1024ULL}) {
    ToyKernel::Options options;
    options.arm64 = test::Arm64Mode{16, 48, 48};
    options.memory = {{0, gib << 30U}};
    ToyKernel kernel(options);
    const std::uint64_t pages = (gib << 30U) >> 16U;
    constexpr unsigned kOrder = 10;
    // The toy's structures and memmap are in the lowest 2 GiB.
    for (std::uint64_t page = 0x8000; page < pages; page += 1U << kOrder) {
      kernel.make_free(kernel.pfn(page), kOrder);
    }
    ASSERT_TRUE(kernel.finish().save_elf(tree_.path("/vmcore")));
    for (const char* threads : {"1", "8"}) {
      const ProgramRun ran =
          run({"-f", "--stats", "--threads", threads, tree_.path("/vmcore"), dump_});
      ASSERT_EQ(ran.exit_code, 0) << ran.err;
      EXPECT_THAT(ran.err, HasSubstr(fmt::format("{} pages", pages)));
      if (gib > 2) {
        EXPECT_THAT(ran.err, HasSubstr(fmt::format("{} free", pages - 0x8000)));
      }
      EXPECT_GT(peak_kib(ran.err), 0U) << ran.err;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they take memory, too
      EXPECT_LE(peak_kib(ran.err), (16U << 10U) + std::stoul(threads) * 1536) << ran.err;
#endif
      const auto dump = KdumpReader::open(dump_);
      ASSERT_TRUE(dump) << dump.error().message;
      EXPECT_TRUE(dump->complete());
      EXPECT_EQ(dump->existing_pages(), pages);
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    constexpr std::uint64_t kMostMib = 10;
    if (gib == 2) continue;
    for (const char* format : {"kdump", "elf", "flattened"}) {
      const ProgramRun ran = run({"-f",
                                  "--stats",
                                  "--memory",
                                  fmt::format("{}M", kMostMib),
                                  "--output-format",
                                  format,
                                  tree_.path("/vmcore"),
                                  dump_});
      ASSERT_EQ(ran.exit_code, 0) << ran.err;
      EXPECT_LE(peak_kib(ran.err), kMostMib << 10U) << format << ": " << ran.err;
    }
#endif
  }
}

}  // namespace
}  // namespace kdump::capture
