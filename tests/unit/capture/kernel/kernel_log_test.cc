// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/kernel_log.h"

#include "base/io.h"
#include "capture/kernel/log_text.h"
#include "tests/support/vmcore/toy_printk_ring.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using test::ToyPrintkRing;
using ::testing::HasSubstr;

struct ReadLog {
  Result<KernelLogCounts> counts = KernelLogCounts{};
  std::string text;
};

ReadLog read_log(ToyKernel& kernel, LogPart part = LogPart::kAll) {
  ReadLog log;
  const Vmcoreinfo info(kernel.vmcoreinfo());
  const KernelMemory memory(kernel.memory(), *make_address_space(kernel.memory(), info));
  const auto sink = [&log](std::string_view text) -> Status {
    log.text += text;
    return {};
  };
  log.counts = read_kernel_log(info, memory, sink, part);
  return log;
}

TEST(LogText, PrintsAsCrashDoes) {
  struct Row {
    std::uint64_t nanoseconds;
    std::string text;
    std::string expected;
  };
  const std::vector<Row> table = {
      {0, "Linux version", "[    0.000000] Linux version\n"},
      {12'345'678'901ULL, "x", "[   12.345678] x\n"},
      {123'456'789'012'345ULL, "x", "[123456.789012] x\n"},
      {18'446'744'073'709'551'615ULL, "", "[18446744073.709551] \n"},
      {1'000, "two\nlines", "[    0.000001] two\n               lines\n"},
      {0, "a\n", "[    0.000000] a\n               \n"},
      {0, std::string("\x1b[31m\0red\x7f", 10), "[    0.000000] .[31m.red.\n"},
      {0, "tab\tcr\rff\f\xc3\xa9", "[    0.000000] tab\tcr\rff\f..\n"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(format_log_record(row.nanoseconds, row.text), row.expected);
  }
}

TEST(PrintkRing, GivesRecordsInOrder) {
  ToyKernel kernel;
  ToyPrintkRing ring(kernel, 5, 12);
  ring.add(1'000'000'000, "first");
  ring.add(2'000'000'000, "second, not finalized", ToyPrintkRing::State::kCommitted);
  ring.add(3'000'000'000, "being written", ToyPrintkRing::State::kReserved);
  ring.add(3'000'000'000, "gone", ToyPrintkRing::State::kReusable);
  ring.add_without_data(4'000'000'000, 3);
  ring.add_without_data(5'000'000'000, 1);
  ring.add(6'000'000'000, "last");
  const ReadLog log = read_log(kernel);
  ASSERT_TRUE(log.counts) << log.counts.error().message;
  EXPECT_EQ(log.text,
            "[    1.000000] first\n"
            "[    2.000000] second, not finalized\n"
            "[    4.000000] \n"
            "[    5.000000] \n"
            "[    6.000000] last\n");
  EXPECT_EQ(log.counts->records, 5U);
  EXPECT_EQ(log.counts->damaged, 0U);
}

class WrappingRing : public ::testing::TestWithParam<bool> {};

// Descriptors and text wrap many times, at every phase; texts of all lengths meet the buffer's end.
TEST_P(WrappingRing, WrapsWithoutLosingOrMixingRecords) {
  for (unsigned records = 1; records < 400; records += 7) {
    ToyKernel kernel;
    ToyPrintkRing ring(kernel, 4, 10, GetParam());
    std::vector<std::string> written;
    for (unsigned i = 0; i < records; ++i) {
      written.push_back(fmt::format("record {} {}", i, std::string(i * 5 % 90, 'x')));
      ring.add(i * 1'000'000ULL, written.back());
    }
    const ReadLog log = read_log(kernel);
    ASSERT_TRUE(log.counts);
    ASSERT_EQ(log.counts->damaged, 0U) << records;
    ASSERT_GE(log.counts->records, std::min(records, 6U)) << records;
    std::string expected;
    for (std::size_t i = records - log.counts->records; i < records; ++i) {
      expected += format_log_record(i * 1'000'000ULL, written[i]);
    }
    ASSERT_EQ(log.text, expected) << records;
  }
}

INSTANTIATE_TEST_SUITE_P(BlocksAtTheEnd, WrappingRing, ::testing::Bool());

TEST(PrintkRing, DamagedRecordsCostThemselvesOnly) {
  struct Row {
    const char* name;
    void (*damage)(ToyKernel& kernel, ToyPrintkRing& ring);
    std::uint64_t damaged;
  };
  const std::vector<Row> table = {
      {"text behind the buffer",
       [](ToyKernel& k, ToyPrintkRing& r) {
         k.memory().put(r.descriptor(r.last_id() - 1) + 16, std::uint64_t{1} << 40U);
       },
       1},
      {"block smaller than its head",
       [](ToyKernel& k, ToyPrintkRing& r) {
         k.memory().put(r.descriptor(r.last_id() - 1) + 8, std::uint64_t{16});
         k.memory().put(r.descriptor(r.last_id() - 1) + 16, std::uint64_t{20});
       },
       1},
      {"end before begin",
       [](ToyKernel& k, ToyPrintkRing& r) {
         k.memory().put(r.descriptor(r.last_id() - 1) + 8, std::uint64_t{800});
         k.memory().put(r.descriptor(r.last_id() - 1) + 16, std::uint64_t{8});
       },
       1},
      {"info unreadable",
       [](ToyKernel& k, ToyPrintkRing& r) { k.memory().set_unreadable(r.info(r.last_id() - 1)); },
       3},
      {"another record's state",
       [](ToyKernel& k, ToyPrintkRing& r) {
         k.memory().put(r.descriptor(r.last_id() - 1), (r.last_id() - 17) | 2ULL << 62U);
       },
       0},
  };
  for (const Row& row : table) {
    ToyKernel kernel;
    ToyPrintkRing ring(kernel, 5, 12);
    ring.add(1'000'000, "before");
    ring.add(2'000'000, "victim");
    ring.add(3'000'000, "after");
    row.damage(kernel, ring);
    const ReadLog log = read_log(kernel);
    ASSERT_TRUE(log.counts) << row.name;
    EXPECT_EQ(log.counts->damaged, row.damaged) << row.name;
    EXPECT_THAT(log.text, Not(HasSubstr("victim"))) << row.name;
    if (row.damaged < 3) {
      EXPECT_THAT(log.text, HasSubstr("before")) << row.name;
      EXPECT_THAT(log.text, HasSubstr("after")) << row.name;
    }
  }
}

TEST(PrintkRing, ALengthBeyondItsBlockIsCut) {
  ToyKernel kernel;
  ToyPrintkRing ring(kernel, 5, 12);
  ring.add(1'000'000, "12345678");
  ring.add(2'000'000, "neighbour");
  kernel.memory().put(ring.info(ring.last_id() - 1) + 16, std::uint16_t{0xffff});
  const ReadLog log = read_log(kernel);
  EXPECT_EQ(log.text, "[    0.001000] 12345678\n[    0.002000] neighbour\n");
}

// Every count and pointer of the ring's head, each with values that would run away.
TEST(PrintkRing, ADamagedHeadEndsInTime) {
  const std::vector<std::uint64_t> offsets = {ToyPrintkRing::kCountBits,
                                              ToyPrintkRing::kDescs,
                                              ToyPrintkRing::kInfos,
                                              ToyPrintkRing::kHeadId,
                                              ToyPrintkRing::kTailId,
                                              ToyPrintkRing::kSizeBits,
                                              ToyPrintkRing::kData};
  const std::vector<std::uint64_t> values = {
      0, 1, 25, 26, 63, 0xffffffff, ~0ULL, 0xffff888000000000ULL, 0xffffffff80000000ULL};
  for (const std::uint64_t offset : offsets) {
    for (const std::uint64_t value : values) {
      ToyKernel kernel;
      ToyPrintkRing ring(kernel, 5, 12);
      for (int i = 0; i < 40; ++i) ring.add(1'000'000, "text");
      kernel.memory().put(ring.ring() + offset, value);
      const ReadLog log = read_log(kernel);
      EXPECT_LE(log.text.size(), 3000000U) << offset << " " << value;
    }
  }
}

TEST(PrintkRing, MissingKeysAreNamed) {
  ToyKernel kernel;
  const ToyPrintkRing ring(kernel, 5, 12);
  kernel.set_key("OFFSET(prb_desc.state_var)", std::nullopt);
  const ReadLog log = read_log(kernel);
  ASSERT_FALSE(log.counts);
  EXPECT_THAT(log.counts.error().message, HasSubstr("OFFSET(prb_desc.state_var)"));
  kernel.set_key("SYMBOL(prb)", std::nullopt);
  const ReadLog none = read_log(kernel);
  ASSERT_FALSE(none.counts);
  EXPECT_EQ(none.counts.error().kind, ErrorKind::kNotFound);
}

// clear_seq is a number (5.10 to 5.12), or held twice (5.13).
TEST(PrintkRing, ShowsWhatCameAfterTheLastClear) {
  for (const bool latched : {false, true}) {
    ToyKernel kernel;
    ToyPrintkRing ring(kernel, 5, 12);
    for (const char* text : {"zero", "one", "two", "three"}) ring.add(1'000'000, text);
    const PhysAddr clear = kernel.allocate(4096);
    kernel.set_key("SYMBOL(clear_seq)", fmt::format("{:x}", kernel.kernel_image(clear).value()));
    kernel.set_key("OFFSET(latched_seq.val)", latched ? std::optional("8") : std::nullopt);
    kernel.memory().put(clear, latched ? std::uint64_t{1} : std::uint64_t{2});
    if (latched) {
      // In the middle of a write: the old number is the safe one.
      kernel.memory().put(clear + 8, std::uint64_t{3});
      kernel.memory().put(clear + 16, std::uint64_t{2});
    }
    EXPECT_EQ(read_log(kernel, LogPart::kSinceClear).text,
              "[    0.001000] two\n[    0.001000] three\n")
        << latched;
    EXPECT_EQ(read_log(kernel).counts->records, 4U);
    kernel.set_key("SYMBOL(clear_seq)", std::nullopt);
    EXPECT_EQ(read_log(kernel, LogPart::kSinceClear).counts->records, 4U) << "nothing is known";
  }
}

/// The record buffer of kernels before 5.10.
class OldLog {
 public:
  explicit OldLog(std::uint32_t size)
      : buffer_(kernel.allocate(size)), variables_(kernel.allocate(4096)) {
    kernel.set_key("SYMBOL(prb)", std::nullopt);
    const std::vector<std::pair<std::string, unsigned>> symbols = {{"log_buf", 0},
                                                                   {"log_buf_len", 8},
                                                                   {"log_first_idx", 16},
                                                                   {"log_next_idx", 24},
                                                                   {"clear_idx", 32}};
    for (const auto& [name, offset] : symbols) {
      kernel.set_key(fmt::format("SYMBOL({})", name),
                     fmt::format("{:x}", kernel.kernel_image(variables_ + offset).value()));
    }
    const std::vector<std::pair<std::string, std::string>> keys = {
        {"SIZE(printk_log)", "16"},
        {"OFFSET(printk_log.ts_nsec)", "0"},
        {"OFFSET(printk_log.len)", "8"},
        {"OFFSET(printk_log.text_len)", "10"},
        {"OFFSET(printk_log.dict_len)", "12"}};
    for (const auto& [key, value] : keys) kernel.set_key(key, value);
    kernel.memory().put(variables_, kernel.direct_map(buffer_).value());
    kernel.memory().put(variables_ + 8, size);
    set_first(0);
    set_next(0);
  }
  void set_first(std::uint32_t index) { kernel.memory().put(variables_ + 16, index); }
  void set_next(std::uint32_t index) { kernel.memory().put(variables_ + 24, index); }
  void set_clear(std::uint32_t index) { kernel.memory().put(variables_ + 32, index); }
  /// Writes a record and returns the index behind it.
  std::uint32_t put(std::uint32_t index,
                    std::uint64_t time,
                    std::string_view text,
                    std::uint16_t extra = 4) {
    const auto length = static_cast<std::uint16_t>((16 + text.size() + extra + 3) / 4 * 4);
    kernel.memory().put(buffer_ + index, time);
    kernel.memory().put(buffer_ + index + 8, length);
    kernel.memory().put(buffer_ + index + 10, static_cast<std::uint16_t>(text.size()));
    kernel.memory().write(buffer_ + index + 16, as_bytes(text));
    return index + length;
  }
  void put_length(std::uint32_t index, std::uint16_t length) {
    kernel.memory().put(buffer_ + index + 8, length);
  }

  ToyKernel kernel;

 private:
  PhysAddr buffer_, variables_;
};

TEST(LogBuf, GivesRecordsInOrderAcrossTheEnd) {
  OldLog old(4096);
  std::uint32_t at = old.put(3000, 1'000'000, "oldest");
  at = old.put(at, 2'000'000, "second\nline");
  old.put_length(at, 0);
  at = old.put(0, 3'000'000, "wrapped");
  old.set_first(3000);
  old.set_next(at);
  const ReadLog log = read_log(old.kernel);
  ASSERT_TRUE(log.counts) << log.counts.error().message;
  EXPECT_EQ(log.text,
            "[    0.001000] oldest\n[    0.002000] second\n               line\n"
            "[    0.003000] wrapped\n");
  EXPECT_EQ(log.counts->records, 3U);
}

TEST(LogBuf, ShowsWhatCameAfterTheLastClear) {
  OldLog old(4096);
  const std::uint32_t second = old.put(0, 1'000'000, "first");
  const std::uint32_t end = old.put(second, 2'000'000, "second");
  old.set_next(end);
  const auto since_clear = [&old](std::uint32_t index) {
    old.set_clear(index);
    return read_log(old.kernel, LogPart::kSinceClear).text;
  };
  EXPECT_EQ(since_clear(second), "[    0.002000] second\n");
  EXPECT_EQ(since_clear(end), "") << "nothing came after it";
  EXPECT_EQ(since_clear(0), "[    0.001000] first\n[    0.002000] second\n");
  EXPECT_EQ(since_clear(second + 4), since_clear(0)) << "the buffer was filled anew since then";
}

TEST(LogBuf, DamageEndsTheWalk) {
  struct Row {
    const char* name;
    std::uint16_t length;
  };
  const std::vector<Row> table = {{"shorter than a header", 8}, {"beyond the buffer", 0xfff0}};
  for (const Row& row : table) {
    OldLog old(4096);
    std::uint32_t at = old.put(0, 1'000'000, "good");
    old.put(at, 2'000'000, "bad");
    old.put_length(at, row.length);
    old.set_next(2000);
    const ReadLog log = read_log(old.kernel);
    ASSERT_TRUE(log.counts) << row.name;
    EXPECT_EQ(log.text, "[    0.001000] good\n") << row.name;
    EXPECT_EQ(log.counts->damaged, 1U) << row.name;
  }
}

TEST(LogBuf, ACycleEnds) {
  OldLog old(4096);
  // The walk never meets this index.
  std::uint32_t at = 0;
  while (at < 4000) at = old.put(at, 1'000, "round and round");
  old.set_next(4094);
  const ReadLog log = read_log(old.kernel);
  ASSERT_TRUE(log.counts);
  EXPECT_LE(log.counts->records, 4096U / 20);
}

TEST(LogBuf, ImpossibleIndicesAreBadData) {
  OldLog old(4096);
  old.set_first(5000);
  const ReadLog log = read_log(old.kernel);
  ASSERT_FALSE(log.counts);
  EXPECT_EQ(log.counts.error().kind, ErrorKind::kBadData);
}

}  // namespace
}  // namespace kdump::capture
