// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/qemu_measurement.h"

#include "base/atomic_file.h"
#include "base/text.h"

#include <filesystem>

namespace kdump::ctl {
namespace {

constexpr const char* kFolder = "/var/lib/kdump";
constexpr const char* kFile = "/var/lib/kdump/qemu-test";

}  // namespace

Result<std::optional<QemuMeasurement>> read_qemu_measurement(const SysRoot& root) {
  const auto text = root.read_value(kFile);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<QemuMeasurement>();
  if (!text) return text.error();
  const auto words = split_words(*text);
  const auto taken = words.size() == 3 ? parse_signed(words[0]) : std::nullopt;
  const auto reserved = words.size() == 3 ? parse_unsigned(words[1]) : std::nullopt;
  const auto untouched = words.size() == 3 ? parse_unsigned(words[2]) : std::nullopt;
  if (!taken || !reserved || !untouched || *untouched > *reserved) {
    return make_error(ErrorKind::kBadData,
                      "{} is damaged; remove it, or run \"kdumpctl test --qemu\" again",
                      root.path(kFile));
  }
  return std::optional(QemuMeasurement{*taken, *reserved, *untouched});
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
