// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a spill device, as anybody who can write to the disk can leave it. Inputs begin with
// the fields of a header whose magic and checksums are put right, so that what lies behind those is
// reached, too.
#include "base/crc32.h"
#include "base/fd.h"
#include "base/io.h"
#include "config/spill_area.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/mman.h>

namespace {

void read_back(std::string_view device) {
  using namespace kdump;
  const Fd file(::memfd_create("device", MFD_CLOEXEC));
  if (!write_all(file.raw(), device)) return;
  const auto content = config::read_spill_area(file.raw());
  if (!content || !*content) return;
  if ((*content)->record.size() > config::kMostSpillArea) __builtin_trap();
  if (!config::mark_spill_area_taken(file.raw())) __builtin_trap();
  const auto again = config::read_spill_area(file.raw());
  if (!again || *again) __builtin_trap();
}

std::uint32_t crc_of(std::string_view device, std::uint64_t offset, std::uint64_t size) {
  if (offset > device.size() || size > device.size() - offset) return 0;
  return kdump::crc32(kdump::as_bytes(device.substr(offset, size)));
}

/// The same bytes as a header and what follows it, with everything right that can be.
std::string made_plausible(std::string_view bytes) {
  using kdump::config::SpillHeader;
  SpillHeader header;
  std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof(header)));
  std::copy(SpillHeader::kMagic.begin(), SpillHeader::kMagic.end(), header.magic.begin());
  header.version = SpillHeader::kVersion;
  std::string device(kdump::config::kSpillHeaderRoom, '\0');
  if (bytes.size() > sizeof(header)) device += bytes.substr(sizeof(header));
  header.record_crc = crc_of(device, kdump::config::kSpillHeaderRoom, header.record_size);
  header.dmesg_crc =
      crc_of(device, kdump::config::kSpillHeaderRoom + header.record_size, header.dmesg_size);
  const std::string_view raw(reinterpret_cast<const char*>(&header), sizeof(header));  // NOLINT
  header.header_crc =
      kdump::crc32(kdump::as_bytes(raw.substr(0, offsetof(SpillHeader, header_crc))));
  std::memcpy(device.data(), &header, sizeof(header));
  return device;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);  // NOLINT
  read_back(bytes);
  read_back(made_plausible(bytes));
  return 0;
}
