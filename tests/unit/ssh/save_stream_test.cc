// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/ssh/save_stream.h"

#include "base/fd.h"
#include "base/io.h"
#include "tests/unit/ssh/flattened_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sys/mman.h>
#include <unistd.h>

namespace kdump::ssh {
namespace {

using testing::HasSubstr;

class FileInMemory final : public RemoteFile {
 public:
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const auto at = static_cast<std::size_t>(offset);
    if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '.');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      content[at + i] = std::to_integer<char>(bytes[i]);
    }
    return {};
  }
  [[nodiscard]] bool accepts_any_order() const override { return true; }
  Status publish() override { return {}; }
  void abandon() override {}

  std::string content;
};

Fd input(const std::string& text) {
  Fd fd(::memfd_create("input", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.raw(), text));
  EXPECT_EQ(::lseek(fd.raw(), 0, SEEK_SET), 0);
  return fd;
}

TEST(SaveStream, RecordsGoToTheirPlaces) {
  FileInMemory file;
  const auto length =
      save_flattened(input(test::flattened({{6, "end"}, {0, "xxx"}, {1, "b"}})).raw(), file);
  ASSERT_TRUE(length) << length.error().message;
  EXPECT_EQ(*length, 9U);
  EXPECT_EQ(file.content, "xbx...end");
}

TEST(SaveStream, ALongRecordIsTakenInPieces) {
  FileInMemory file;
  const std::string bytes(1'000'000, 'z');
  ASSERT_TRUE(save_flattened(input(test::flattened({{0, bytes}})).raw(), file));
  EXPECT_EQ(file.content, bytes);
}

TEST(SaveStream, DamagedStreamsAreErrors) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  const std::string whole = test::flattened({{0, "abc"}});
  const std::string head = whole.substr(0, capture::kFlattenedHeaderSize);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "ends too early"},
      {head, "ends too early"},
      {whole.substr(0, whole.size() - 1), "ends too early"},
      {std::string(capture::kFlattenedHeaderSize, 'x'), "no stream in the flattened format"},
      {head + test::record(-5, 1), "damaged"},
      {head + test::record(1, -5), "damaged"},
      {head + test::record(kHuge, 2), "damaged"},
      {head + test::record(0, kHuge), "ends too early"},
  };
  for (const auto& [stream, message] : rows) {
    FileInMemory file;
    const auto saved = save_flattened(input(stream).raw(), file);
    ASSERT_FALSE(saved) << message;
    EXPECT_EQ(saved.error().kind, ErrorKind::kBadData);
    EXPECT_THAT(saved.error().message, HasSubstr(message));
  }
}

TEST(SaveStream, PlainBytesAreTheFile) {
  FileInMemory file;
  const std::string bytes(700'000, 'q');
  const auto length = save_bytes(input(bytes).raw(), file);
  ASSERT_TRUE(length);
  EXPECT_EQ(*length, bytes.size());
  EXPECT_EQ(file.content, bytes);
}

}  // namespace
}  // namespace kdump::ssh
