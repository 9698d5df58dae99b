// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "capture/vmcore/flattened_format.h"

#include <string>
#include <utility>
#include <vector>

namespace kdump::ssh::test {

template <typename T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};  // NOLINT
}

inline std::string record(std::int64_t offset, std::int64_t size) {
  capture::FlattenedRecord record;
  record.offset = offset;
  record.size = size;
  return bytes_of(record);
}

/// A stream of these records (offset, bytes), with header and end marker.
inline std::string flattened(const std::vector<std::pair<std::int64_t, std::string>>& records) {
  capture::FlattenedHeader header;
  header.signature = capture::kFlattenedSignature;
  header.type = capture::kFlattenedType;
  header.version = capture::kFlattenedVersion;
  std::string stream = bytes_of(header);
  stream.resize(capture::kFlattenedHeaderSize, '\0');
  for (const auto& [offset, bytes] : records) {
    stream += record(offset, static_cast<std::int64_t>(bytes.size())) + bytes;
  }
  return stream + record(capture::kFlattenedEnd, capture::kFlattenedEnd);
}

}  // namespace kdump::ssh::test
