// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/luks_header.h"

#include "base/fd.h"
#include "base/io.h"
#include "base/sha256.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace kdump::mkdumprd {
namespace {

using Json = nlohmann::json;

// struct luks2_hdr_disk: 4 KiB, numbers big-endian; the JSON area follows it.
constexpr std::size_t kBinarySize = 4096;
constexpr std::uint64_t kLongestHeader = std::uint64_t{4} << 20U;  // the specification's largest
constexpr std::string_view kMagic{"LUKS\xba\xbe", 6};
constexpr std::size_t kVersion = 6;
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kChecksumName = 72;
constexpr std::size_t kUuid = 168;
constexpr std::size_t kChecksum = 448;
constexpr std::size_t kChecksumSize = 64;
constexpr std::size_t kSha256Size = 32;

using Bytes = std::vector<std::byte>;

std::uint64_t big_endian(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[at + i]);
  }
  return value;
}

/// The text of a field that a NUL ends when it is not full.
std::string text_at(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::string text;
  for (std::size_t i = at; i < at + size && bytes[i] != std::byte{0}; ++i) {
    text += std::to_integer<char>(bytes[i]);
  }
  return text;
}

Status check_sum(Bytes bytes, const std::string& device) {
  std::string stored;
  for (std::size_t i = 0; i < kSha256Size; ++i) {
    stored += fmt::format("{:02x}", std::to_integer<unsigned>(bytes[kChecksum + i]));
  }
  std::fill_n(bytes.begin() + kChecksum, kChecksumSize, std::byte{0});
  if (text_at(bytes, kChecksumName, 32) == "sha256" && TRY(sha256_of(bytes)) == stored) return {};
  return make_error(
      ErrorKind::kBadData, "the LUKS2 header on {} is damaged; see cryptsetup-repair(8)", device);
}

Status read_all(const Fd& fd, Bytes& bytes, const std::string& device) {
  const auto status = read_exact_at(fd.raw(), bytes, 0);
  if (status) return {};
  return Error(status.error()).with_context(device);
}

Result<Bytes> read_header(const std::string& device) {
  const Fd fd = TRY(Fd::open(device, O_RDONLY));
  Bytes bytes(kBinarySize);
  TRY(read_all(fd, bytes, device));
  const bool is_luks = text_at(bytes, 0, kMagic.size()) == kMagic;
  if (!is_luks) return make_error(ErrorKind::kBadData, "{} has no LUKS header", device);
  if (const auto version = big_endian(bytes, kVersion, 2); version != 2) {
    return make_error(ErrorKind::kUnsupported, "LUKS{} instead of LUKS2", version);
  }
  const std::uint64_t size = big_endian(bytes, kHeaderSize, 8);
  if (size <= kBinarySize || size > kLongestHeader) {
    return make_error(ErrorKind::kBadData, "the LUKS2 header on {} is {} bytes long", device, size);
  }
  bytes.resize(size);
  TRY(read_all(fd, bytes, device));
  TRY(check_sum(bytes, device));
  return bytes;
}

const Json* member(const Json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() ? nullptr : &*found;
}

std::string text_of(const Json& json, const char* name) {
  const Json* value = member(json, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// The specification writes 64-bit numbers as texts; bytes that are no whole sectors are refused.
std::optional<std::uint64_t> sectors(const std::string& bytes) {
  const auto value = parse_unsigned(bytes);
  if (!value || *value % 512 != 0) return std::nullopt;
  return *value / 512;
}

/// The texts of a list. Whatever else is in it, nested to any depth, is not gone through.
std::string words_of(const Json& list) {
  std::string out;
  for (const Json& item : list) {
    if (!item.is_string()) continue;
    if (!out.empty()) out += ", ";
    out += escape_control(item.get<std::string>());
  }
  return out.empty() ? "what is not understood" : out;
}

/// The only segment; why there is more to the volume than one mapping otherwise.
Result<const Json*> only_segment(const Json& json) {
  const Json* config = member(json, "config");
  const Json* requirements = config == nullptr ? nullptr : member(*config, "requirements");
  const Json* mandatory = requirements == nullptr ? nullptr : member(*requirements, "mandatory");
  if (mandatory != nullptr && !mandatory->empty()) {
    return make_error(ErrorKind::kUnsupported, "it requires {}", words_of(*mandatory));
  }
  const Json* segments = member(json, "segments");
  if (segments == nullptr || !segments->is_object() || segments->size() != 1) {
    return make_error(ErrorKind::kUnsupported, "it has not exactly one segment");
  }
  const Json* segment = &segments->begin().value();
  if (text_of(*segment, "type") != "crypt" || member(*segment, "integrity") != nullptr) {
    return make_error(ErrorKind::kUnsupported, "its data is not only encrypted");
  }
  return segment;
}

}  // namespace

Result<LuksSegment> read_luks_segment(const std::string& device) {
  const Bytes bytes = TRY(read_header(device));
  const Json json =
      Json::parse(text_at(bytes, kBinarySize, bytes.size() - kBinarySize), nullptr, false);
  if (json.is_discarded()) {
    return make_error(ErrorKind::kBadData, "the LUKS2 header on {} holds no JSON", device);
  }
  const Json& segment = *TRY(only_segment(json));
  const std::string size = text_of(segment, "size");
  const auto offset = sectors(text_of(segment, "offset"));
  const auto length = size == "dynamic" ? std::optional<std::uint64_t>(0) : sectors(size);
  const auto iv_offset = parse_unsigned(text_of(segment, "iv_tweak"));
  const Json* sector_size = member(segment, "sector_size");
  const bool has_size = sector_size != nullptr && sector_size->is_number_unsigned();
  const std::uint64_t sector = has_size ? sector_size->get<std::uint64_t>() : 0;
  LuksSegment out;
  out.uuid = text_at(bytes, kUuid, 40);
  out.cipher = text_of(segment, "encryption");
  const bool is_cipher =
      !out.cipher.empty() && out.cipher.find_first_of(" \t\n") == std::string::npos;
  if (!offset || !length || !iv_offset || !is_cipher || sector < 512 || sector > 4096) {
    return make_error(ErrorKind::kBadData, "the LUKS2 header on {} makes no sense", device);
  }
  if (*offset == 0) {
    return make_error(ErrorKind::kUnsupported, "its header is on another device");
  }
  out.offset = *offset;
  out.length = *length;
  out.iv_offset = *iv_offset;
  out.sector_size = static_cast<unsigned>(sector);
  return out;
}

}  // namespace kdump::mkdumprd
