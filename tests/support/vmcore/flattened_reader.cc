// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore/flattened_reader.h"

#include <algorithm>
#include <random>
#include <string_view>

namespace kdump::capture::test {
namespace {

constexpr std::size_t kHeader = 4096;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(i));
  return static_cast<std::int64_t>(value);
}

std::string big_endian(std::int64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> shift & 0xffU);
  }
  return bytes;
}

}  // namespace

Result<FlattenedReader> FlattenedReader::parse(const std::string& stream) {
  const std::string_view bytes = stream;
  if (bytes.size() < kHeader || bytes.substr(0, 13) != std::string_view("makedumpfile\0", 13) ||
      big_endian(bytes.substr(16, 8)) != 1 || big_endian(bytes.substr(24, 8)) != 1) {
    return make_error(ErrorKind::kBadData, "no flattened header");
  }
  FlattenedReader reader;
  for (std::size_t at = kHeader; at + 16 <= bytes.size();) {
    const std::int64_t offset = big_endian(bytes.substr(at, 8));
    const std::int64_t size = big_endian(bytes.substr(at + 8, 8));
    at += 16;
    if (offset == -1 && size == -1) {
      reader.ended = at == bytes.size();
      return reader;
    }
    const auto count = static_cast<std::size_t>(size);
    const auto start = static_cast<std::size_t>(offset);
    if (offset < 0 || size < 0 || count > bytes.size() - at) {
      return make_error(ErrorKind::kBadData, "record at {:#x}", at);
    }
    if (reader.contents.size() < start + count) reader.contents.resize(start + count);
    reader.contents.replace(start, count, bytes.substr(at, count));
    reader.records.push_back({start, count});
    at += count;
  }
  return reader;
}

std::uint64_t FlattenedReader::descents() const {
  std::uint64_t count = 0;
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (records[i].offset < records[i - 1].offset) ++count;
  }
  return count;
}

bool FlattenedReader::disjoint() const {
  std::vector<Record> sorted = records;
  std::sort(sorted.begin(), sorted.end(), [](const Record& a, const Record& b) {
    return a.offset < b.offset;
  });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].offset < sorted[i - 1].offset + sorted[i - 1].size) return false;
  }
  return true;
}

std::string flatten(const std::string& contents, std::size_t step, unsigned seed) {
  std::string stream("makedumpfile\0\0\0\0", 16);
  stream += big_endian(std::int64_t{1}) + big_endian(std::int64_t{1});
  stream.resize(kHeader);
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < contents.size(); at += step) starts.push_back(at);
  std::mt19937 random(seed);
  if (seed != 0) std::shuffle(starts.begin(), starts.end(), random);
  for (const std::size_t start : starts) {
    const std::string part = contents.substr(start, step);
    stream += big_endian(static_cast<std::int64_t>(start)) +
              big_endian(static_cast<std::int64_t>(part.size())) + part;
  }
  return stream + big_endian(std::int64_t{-1}) + big_endian(std::int64_t{-1});
}

}  // namespace kdump::capture::test
