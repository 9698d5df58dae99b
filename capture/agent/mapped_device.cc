// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/agent/mapped_device.h"

#include "base/fd.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/dm-ioctl.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

namespace kdump::agent {
namespace {

constexpr std::size_t kAlignment = 8;  // of a struct dm_target_spec
constexpr std::size_t kMostRows = 4096;

template <std::size_t N>
Status put_text(char (&field)[N], const std::string& text) {
  if (text.size() >= N || text.find('\0') != std::string::npos) {
    return make_error(ErrorKind::kUsage, "'{}' is too long for the device mapper", text);
  }
  std::memcpy(field, text.data(), text.size());
  return {};
}

Result<dm_ioctl> make_header(const MappedDevice& device) {
  dm_ioctl header{};
  header.version[0] = DM_VERSION_MAJOR;
  header.data_size = sizeof(header);
  header.data_start = sizeof(header);
  TRY(put_text(header.name, device.name));
  return header;
}

void append(std::vector<std::byte>& bytes, const void* data, std::size_t size) {
  const auto* first = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

Status call(const Fd& control, unsigned long request, dm_ioctl& argument, const char* doing) {
  if (::ioctl(control.raw(), request, &argument) == 0) return {};
  return system_error(errno, "cannot {} the device-mapper device {}", doing, argument.name);
}

// The interface's numbers are those of new_encode_dev() (linux/kdev_t.h), as makedev() has them.
std::string number_of(const dm_ioctl& header) {
  return fmt::format("{}:{}", major(header.dev), minor(header.dev));
}

std::optional<std::string> active_device(const Fd& control, const std::string& uuid) {
  dm_ioctl status{};
  status.version[0] = DM_VERSION_MAJOR;
  status.data_size = sizeof(status);
  status.data_start = sizeof(status);
  if (uuid.empty() || !put_text(status.uuid, uuid)) return std::nullopt;
  if (::ioctl(control.raw(), DM_DEV_STATUS, &status) != 0) return std::nullopt;
  const bool is_active = (status.flags & DM_ACTIVE_PRESENT_FLAG) != 0;
  return is_active ? std::optional(number_of(status)) : std::nullopt;
}

}  // namespace

Result<std::vector<std::byte>> encode_table(const MappedDevice& device) {
  if (device.table.empty() || device.table.size() > kMostRows) {
    return make_error(ErrorKind::kUsage, "a table of {} rows", device.table.size());
  }
  std::vector<std::byte> bytes;
  dm_ioctl header = TRY(make_header(device));
  append(bytes, &header, sizeof(header));
  for (const MapRow& row : device.table) {
    dm_target_spec spec{};
    spec.sector_start = row.start;
    spec.length = row.length;
    TRY(put_text(spec.target_type, row.type));
    const std::size_t size = sizeof(spec) + row.parameters.size() + 1;
    const std::size_t padded = (size + kAlignment - 1) / kAlignment * kAlignment;
    spec.next = static_cast<std::uint32_t>(padded);
    append(bytes, &spec, sizeof(spec));
    append(bytes, row.parameters.c_str(), row.parameters.size() + 1);
    bytes.resize(bytes.size() + padded - size);
  }
  // The kernel wipes its copies of a table with a key in it.
  const bool has_key = std::any_of(device.table.begin(), device.table.end(), [](const MapRow& row) {
    return row.type == "crypt";
  });
  if (has_key) header.flags |= DM_SECURE_DATA_FLAG;
  header.data_size = static_cast<std::uint32_t>(bytes.size());
  header.target_count = static_cast<std::uint32_t>(device.table.size());
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

Result<std::string> create_mapped_device(const std::string& control_path,
                                         const MappedDevice& device) {
  const Fd control = TRY(Fd::open(control_path, O_RDWR));
  if (auto active = active_device(control, device.uuid)) return *std::move(active);
  std::vector<std::byte> table = TRY(encode_table(device));
  dm_ioctl create = TRY(make_header(device));
  TRY(put_text(create.uuid, device.uuid));
  TRY(call(control, DM_DEV_CREATE, create, "create"));
  auto* load = reinterpret_cast<dm_ioctl*>(table.data());  // NOLINT: what the system call takes
  Status ready = call(control, DM_TABLE_LOAD, *load, "load the table of");
  dm_ioctl resume = TRY(make_header(device));
  if (ready) {  // without DM_SUSPEND_FLAG it resumes
    ready = call(control, DM_DEV_SUSPEND, resume, "activate");
  }
  if (ready) return number_of(resume);
  dm_ioctl leftover = TRY(make_header(device));
  (void)::ioctl(control.raw(), DM_DEV_REMOVE, &leftover);  // why it failed is what counts
  return ready.error();
}

}  // namespace kdump::agent
