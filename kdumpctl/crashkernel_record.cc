// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/crashkernel_record.h"

#include "base/atomic_file.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace kdump::ctl {
namespace {

constexpr const char* kFolder = "/var/lib/kdump";
constexpr const char* kFile = "/var/lib/kdump/crashkernel";

/// crashkernel= as installers and packages have written it: RHEL 7 and 8 ("auto" and what it stood
/// for), RHEL 9, Fedora, kdump-utils up to 2025 (x86_64, then aarch64), Debian's kdump-tools.
constexpr std::array<std::string_view, 11> kFormerDefaults = {
    "auto",
    "1G-4G:160M,4G-64G:192M,64G-1T:256M,1T-:512M",
    "1G-4G:192M,4G-64G:256M,64G-:512M",
    "1G-2G:192M,2G-64G:256M,64G-:512M",
    "2G-64G:256M,64G-:512M",
    "1G-64G:192M,64G-:256M",
    "2G-:448M",
    "1G-4G:256M,4G-64G:320M,64G-:576M",
    "2G-4G:256M,4G-64G:320M,64G-:576M",
    "1G-4G:512M,4G-64G:768M,64G-:1G",
    "384M-:128M"};

}  // namespace

Result<CrashkernelRecord> CrashkernelRecord::read(const SysRoot& root) {
  CrashkernelRecord record;
  const auto text = root.read(kFile);
  if (!text && text.error().kind == ErrorKind::kNotFound) return record;
  if (!text) return text.error();
  for (const std::string_view line : split_lines(*text)) {
    if (!trim(line).empty()) record.values_.emplace_back(trim(line));
  }
  return record;
}

bool CrashkernelRecord::is_ours(std::string_view value) const {
  return std::find(values_.begin(), values_.end(), value) != values_.end() ||
         std::find(kFormerDefaults.begin(), kFormerDefaults.end(), value) != kFormerDefaults.end();
}

Status CrashkernelRecord::add(const SysRoot& root, const std::string& value) {
  if (std::find(values_.begin(), values_.end(), value) != values_.end()) return {};
  values_.push_back(value);
  std::error_code error;
  std::filesystem::create_directories(root.path(kFolder), error);
  if (error) return system_error(error.value(), "cannot create {}", root.path(kFolder));
  return write_file_atomically(
      root.path(kFile), 0644, fmt::format("{}\n", fmt::join(values_, "\n")));
}

}  // namespace kdump::ctl
