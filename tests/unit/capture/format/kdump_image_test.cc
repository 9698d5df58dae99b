// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/format/kdump_image.h"

#include "base/io.h"
#include "capture/format/open_image.h"
#include "capture/run_capture.h"
#include "capture/vmcore/notes.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/busy_kernel.h"
#include "tests/support/vmcore/flattened_reader.h"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>
#include <functional>
#include <random>
#include <thread>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kSub = kPage;  // offset of the sub-header

/// A dump of a toy machine as text, to be damaged.
class KdumpImageTest : public ::testing::Test {
 protected:
  KdumpImageTest() : kernel_(test::busy_kernel("6.12")) {
    EXPECT_TRUE(kernel_.finish().save_elf(tree_.path("/vmcore")));
  }

  std::string dump(std::string_view codec, std::uint32_t level) {
    CaptureOptions options;
    options.input = tree_.path("/vmcore");
    options.output.path = tree_.path("/dump");
    options.output.overwrite = true;
    options.level = DumpLevel(level);
    options.codec = *parse_codec(codec);
    CaptureProgress progress;
    EXPECT_TRUE(run_capture(options, progress));
    return tree_.read("/dump");
  }
  Result<std::unique_ptr<MemoryImage>> open(const std::string& text) {
    tree_.write("/dump", text);
    return open_image(tree_.path("/dump"));
  }
  /// Every byte of the toy's memory that is in the image is the same there.
  void expect_contents(const MemoryImage& image) {
    const auto view = image.view();
    for (const Range& range : image.ranges().ranges()) {
      for (std::uint64_t at = range.start; at < range.end; at += kPage) {
        std::vector<std::byte> present(1, std::byte{0xff});
        ASSERT_TRUE(image.keep_present(Pfn(at / kPage / 8 * 8), present));
        const auto shown = view->at(PhysAddr(at), 2 * kPage);
        if ((present[0] >> at / kPage % 8 & std::byte{1}) == std::byte{0}) {
          ASSERT_FALSE(shown) << at;
          continue;
        }
        ASSERT_TRUE(shown) << at << shown.error().message;
        std::vector<std::byte> should(kPage);
        ASSERT_TRUE(kernel_.memory().read(PhysAddr(at), should));
        ASSERT_TRUE(std::equal(should.begin(), should.end(), shown->begin(), shown->end())) << at;
      }
    }
  }

  kdump::test::TempTree tree_;
  ToyKernel kernel_;
};

template <typename T>
void put(std::string& text, std::size_t at, T value) {
  std::memcpy(text.data() + at, &value, sizeof(value));
}
template <typename T>
T get(const std::string& text, std::size_t at) {
  T value{};
  std::memcpy(&value, text.data() + at, sizeof(value));
  return value;
}

std::uint64_t bitmap1_at(const std::string& text) {
  return (1 + std::uint64_t{get<std::uint32_t>(text, 432)}) * kPage;
}
std::uint64_t descriptors_at(const std::string& text) {
  return bitmap1_at(text) + std::uint64_t{get<std::uint32_t>(text, 436)} * kPage;
}

TEST_F(KdumpImageTest, HasTheMemoryOfTheMachineInEveryCodec) {
  for (const char* codec : {"zstd", "zlib", "lzo", "snappy", "none"}) {
    const auto image = open(dump(codec, 1));
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ((*image)->machine(), EM_X86_64);
    EXPECT_EQ((*image)->ranges().ranges(), kernel_.memory().ranges().ranges());
    EXPECT_EQ((*image)->dump_level(), 1U);
    EXPECT_FALSE((*image)->incomplete());
    EXPECT_EQ((*image)->utsname()->nodename, "toyhost");
    expect_contents(**image);
  }
}

TEST_F(KdumpImageTest, KnowsWhichPagesWereLeftOut) {
  const auto image = open(dump("lzo", 31));
  ASSERT_TRUE(image);
  EXPECT_EQ((*image)->dump_level(), 31U);
  EXPECT_EQ((*image)->ranges().ranges(), kernel_.memory().ranges().ranges()) << "they existed";
  expect_contents(**image);
  std::byte byte{};
  const auto status = (*image)->read(PhysAddr(0x9123 * kPage), std::span(&byte, 1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnreadable);
  EXPECT_THAT(status.error().message, HasSubstr("0x9123 is not in the dump"));
  // Across blocks, behind the last page too.
  std::vector<std::byte> bits(3 * sizeof(BlockBits), std::byte{0xff});
  ASSERT_TRUE((*image)->keep_present(Pfn(0x9000 - 8), bits));
  EXPECT_EQ(bits[0], std::byte{0xff});
  EXPECT_EQ(bits[1], std::byte{0});
  EXPECT_EQ(bits[192], std::byte{0});
  EXPECT_EQ(bits[193], std::byte{0xf0}) << "0x9600 to 0x9603 are page cache";
  EXPECT_EQ(bits[194], std::byte{0xff});
  EXPECT_EQ(bits.back(), std::byte{0});
}

TEST_F(KdumpImageTest, ReadsAcrossPagesAndInSeveralThreads) {
  const auto image = open(dump("zstd", 1));
  ASSERT_TRUE(image);
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 300; ++i) {
        const PhysAddr at(0x9000 * kPage + random() % (0x500 * kPage));
        std::vector<std::byte> got(1 + random() % (3 * kPage)), should(got.size());
        EXPECT_TRUE((*image)->read(at, got));
        EXPECT_TRUE(kernel_.memory().read(at, should));
        EXPECT_EQ(got, should);
      }
    });
  }
}

TEST_F(KdumpImageTest, HasTheNotesByteForByte) {
  const auto image = open(dump("none", 0));
  ASSERT_TRUE(image);
  std::string notes((*image)->notes_size(), '\0'), should(kernel_.memory().notes_size(), '\0');
  ASSERT_TRUE((*image)->read_notes(0, std::as_writable_bytes(std::span(notes))));
  ASSERT_TRUE(kernel_.memory().read_notes(0, std::as_writable_bytes(std::span(should))));
  EXPECT_EQ(notes, should);
  char byte = 0;
  EXPECT_FALSE((*image)->read_notes(notes.size(), std::as_writable_bytes(std::span(&byte, 1))));
}

// Version 3 has VMCOREINFO and no notes, versions 1 and 2 have neither; 6 brought wide numbers.
TEST_F(KdumpImageTest, OlderVersionsHaveLess) {
  const std::string newest = dump("zlib", 31);
  for (std::int32_t version = 1; version <= 6; ++version) {
    std::string text = newest;
    put(text, 8, version);
    if (version < 6) put(text, kSub + 96, std::uint64_t{0xdead});
    if (version < 5) put(text, kSub + 64, ~std::uint64_t{0});
    if (version < 4) put(text, kSub + 48, ~std::uint64_t{0});
    if (version < 3) put(text, kSub + 32, ~std::uint64_t{0});
    if (version < 2) put(text, kSub + 12, std::int32_t{1});
    const auto image = open(text);
    ASSERT_TRUE(image) << version << ": " << image.error().message;
    expect_contents(**image);
    const auto notes = summarize_notes(**image);
    ASSERT_TRUE(notes);
    EXPECT_EQ(notes->cpus, version >= 4 ? 2U : 0U);
    const auto info = read_vmcoreinfo_text(**image, *notes);
    EXPECT_EQ(info.has_value(), version >= 3) << version;
    EXPECT_EQ(info.value_or(""), version >= 3 ? kernel_.vmcoreinfo() : "");
  }
}

// crash and makedumpfile: where there is no room for two bitmaps there is one.
TEST_F(KdumpImageTest, AFileWithOneBitmapHasEveryPage) {
  std::string text = dump("none", 0);
  const std::uint64_t half = get<std::uint32_t>(text, 436) / 2;
  put(text, 436, static_cast<std::uint32_t>(half));
  text.erase(bitmap1_at(text) + half * kPage, half * kPage);
  const std::uint64_t table = descriptors_at(text);
  for (std::uint64_t i = 0; i < test::kBusyPages; ++i) {
    const std::size_t at = table + i * 24;
    put(text, at, get<std::uint64_t>(text, at) - half * kPage);
  }
  const auto image = open(text);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ((*image)->ranges().ranges(), kernel_.memory().ranges().ranges());
  expect_contents(**image);
}

TEST_F(KdumpImageTest, FlattenedDumpsAreTheSame) {
  const std::string text = dump("zstd", 31);
  for (const unsigned seed : {0U, 4U}) {
    const auto image = open(test::flatten(text, 3000, seed));
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_FALSE((*image)->incomplete());
    expect_contents(**image);
  }
  const std::string stream = test::flatten(text, 3000, 0);
  const auto cut = open(stream.substr(0, stream.size() - 20000));
  ASSERT_TRUE(cut);
  EXPECT_TRUE((*cut)->incomplete());
}

struct Damage {
  const char* name;
  std::function<void(std::string& text)> make;
  const char* message;
};

TEST_F(KdumpImageTest, HeadersThatCannotBeAreRefused) {
  const std::string sound = dump("zstd", 31);
  const std::vector<Damage> table = {
      {"signature", [](std::string& t) { t[0] = 'k'; }, "nor a kdump-compressed dump"},
      {"header only", [](std::string& t) { t.resize(400); }, "end of file"},
      {"no sub-header", [](std::string& t) { t.resize(kPage); }, "end of file"},
      {"version 0", [](std::string& t) { put(t, 8, 0); }, "version 0 of the kdump-compressed"},
      {"version 7", [](std::string& t) { put(t, 8, 7); }, "version 7 of the kdump-compressed"},
      {"big endian", [](std::string& t) { put(t, 8, 0x06000000); }, "big-endian"},
      {"32-bit", [](std::string& t) { t.replace(12 + 4 * 65, 7, "i686\0\0\0", 7); }, "\"i686\""},
      {"block size 0", [](std::string& t) { put(t, 428, 0); }, "block size of 0"},
      {"block size 4097", [](std::string& t) { put(t, 428, 4097); }, "block size of 4097"},
      {"block size 2048", [](std::string& t) { put(t, 428, 2048); }, "block size of 2048"},
      {"block size -4096", [](std::string& t) { put(t, 428, -4096); }, "block size of -4096"},
      {"block size 1M", [](std::string& t) { put(t, 428, 1 << 20); }, "block size of 1048576"},
      {"no sub-header blocks", [](std::string& t) { put(t, 432, 0); }, "sub-header of 0"},
      {"negative sub-header", [](std::string& t) { put(t, 432, -1); }, "sub-header of -1"},
      {"far bitmaps", [](std::string& t) { put(t, 432, 0x7fffffff); }, "inside its bitmaps"},
      {"no bitmaps", [](std::string& t) { put(t, 436, 0); }, "0 blocks of bitmaps"},
      {"large bitmaps", [](std::string& t) { put(t, 436, -1); }, "inside its bitmaps"},
      {"no pages", [](std::string& t) { put(t, kSub + 96, std::uint64_t{0}); }, "for 0 pages"},
      {"more pages than bits",
       [](std::string& t) { put(t, kSub + 96, std::uint64_t{1} << 30U); },
       "blocks of bitmaps for"},
      {"absurdly many pages",
       [](std::string& t) { put(t, kSub + 96, ~std::uint64_t{0}); },
       "page frame numbers up to"},
      {"notes outside",
       [](std::string& t) { put(t, kSub + 56, std::uint64_t{1} << 40U); },
       "the ELF notes"},
      {"notes overflow", [](std::string& t) { put(t, kSub + 48, ~std::uint64_t{0}); }, "outside"},
      {"VMCOREINFO outside",
       [](std::string& t) { put(t, kSub + 40, ~std::uint64_t{0}); },
       "VMCOREINFO"},
      {"eraseinfo outside",
       [](std::string& t) {
         put(t, kSub + 64, std::uint64_t{1} << 50U);
         put(t, kSub + 72, std::uint64_t{1});
       },
       "eraseinfo"},
      {"a part", [](std::string& t) { put(t, kSub + 12, 1); }, "--reassemble"},
      {"cut inside a bitmap",
       [](std::string& t) { t.resize(bitmap1_at(t) + 100); },
       "inside its bitmaps"},
  };
  for (const Damage& damage : table) {
    std::string text = sound;
    damage.make(text);
    const auto image = open(text);
    ASSERT_FALSE(image) << damage.name;
    EXPECT_THAT(image.error().message, HasSubstr(damage.message)) << damage.name;
    EXPECT_THAT(image.error().message, HasSubstr("/dump: ")) << damage.name;
  }
}

TEST_F(KdumpImageTest, DamagedPagesCannotBeRead) {
  const std::string sound = dump("zlib", 31);
  const std::uint64_t first = descriptors_at(sound);
  const std::vector<Damage> table = {
      {"no data", [&](std::string& t) { put(t, first, std::uint64_t{0}); }, "no data"},
      {"far data", [&](std::string& t) { put(t, first, ~std::uint64_t{0} - 4); }, "behind the end"},
      {"no size", [&](std::string& t) { put(t, first + 8, 0); }, "record of 0 bytes"},
      {"large", [&](std::string& t) { put(t, first + 8, 4097); }, "record of 4097 bytes"},
      {"huge", [&](std::string& t) { put(t, first + 8, -1); }, "record of 4294967295 bytes"},
      {"other codec", [&](std::string& t) { put(t, first + 12, 0x20); }, "does not unpack"},
      {"no codec", [&](std::string& t) { put(t, first + 12, 0x10); }, "no codec"},
      {"cut off", [&](std::string& t) { t.resize(first + 10); }, "before the descriptor"},
  };
  for (const Damage& damage : table) {
    std::string text = sound;
    damage.make(text);
    const auto image = open(text);
    ASSERT_TRUE(image) << damage.name << image.error().message;
    std::vector<std::byte> page(kPage);
    const auto status = (*image)->read(PhysAddr(0x2000000), page);
    ASSERT_FALSE(status) << damage.name;
    EXPECT_THAT(status.error().message, HasSubstr(damage.message)) << damage.name;
    EXPECT_EQ(status.error().kind, ErrorKind::kUnreadable);
    EXPECT_FALSE((*image)->view()->at(PhysAddr(0x2000000), kPage)) << damage.name;
  }
}

// A page that the first bitmap does not know is nevertheless there; a million runs are not.
TEST_F(KdumpImageTest, BitmapsAreTakenAsTheyAreWithinReason) {
  std::string text = dump("none", 0);
  text[bitmap1_at(text) + 0x9000 / 8] = '\0';
  auto image = open(text);
  ASSERT_TRUE(image);
  expect_contents(**image);
  EXPECT_EQ((*image)->ranges().ranges(), kernel_.memory().ranges().ranges());

  constexpr std::uint64_t kBlocks = 1024;  // 2^25 pages
  text.resize(bitmap1_at(text));
  put(text, 436, static_cast<std::uint32_t>(2 * kBlocks));
  put(text, kSub + 96, kBlocks * kPage * 8);
  text.append(2 * kBlocks * kPage, '\x55');
  image = open(text);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message, HasSubstr("more than 1048576 runs"));
}

}  // namespace
}  // namespace kdump::capture
