// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/qemu_measurement.h"

#include "base/atomic_file.h"
#include "base/text.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace kdump::ctl {
namespace {

constexpr const char* kFolder = "/var/lib/kdump";
constexpr const char* kFile = "/var/lib/kdump/qemu-test";

std::optional<QemuMeasurement> measurement_from(const std::vector<std::string_view>& words) {
  if (words.size() != 3) return std::nullopt;
  const auto taken = parse_signed(words[0]);
  const auto reserved = parse_unsigned(words[1]);
  const auto untouched = parse_unsigned(words[2]);
  if (!taken || !reserved || !untouched || *untouched > *reserved) return std::nullopt;
  return QemuMeasurement{*taken, *reserved, *untouched};
}

}  // namespace

Result<std::optional<QemuMeasurement>> read_qemu_measurement(const SysRoot& root) {
  const auto text = root.read_value(kFile);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<QemuMeasurement>();
  if (!text) return text.error();
  const auto measurement = measurement_from(split_words(*text));
  if (!measurement) {
    return make_error(ErrorKind::kBadData,
                      "{} is damaged; remove it, or run \"kdumpctl test --qemu\" again",
                      root.path(kFile));
  }
  return measurement;
}

Status write_qemu_measurement(const SysRoot& root, const QemuMeasurement& measurement) {
  std::error_code error;
  std::filesystem::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  return write_file_atomically(
      root.path(kFile),
      0644,
      fmt::format("{} {} {}\n", measurement.taken, measurement.reserved, measurement.untouched));
}

}  // namespace kdump::ctl
