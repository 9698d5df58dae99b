// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/failure_import.h"

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "config/failure_record.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace kdump::ctl {
namespace {

constexpr std::size_t kMostErrors = 3;
constexpr std::size_t kLongestRecord = std::size_t{1} << 20U;

struct Found {
  std::string file;
  std::string record;
};

std::optional<Found> in_efi_variable(const SysRoot& root) {
  const std::string path = fmt::format("{}/{}", config::kEfiVariables, config::kFailureVariable);
  const auto bytes = read_file(root.path(path), kLongestRecord);
  if (!bytes || bytes->size() <= config::kEfiAttributesSize) return std::nullopt;
  return Found{path, bytes->substr(config::kEfiAttributesSize)};
}

/// pmsg holds the messages of all programs, one after the other.
std::optional<Found> in_pstore(const SysRoot& root) {
  const auto names = root.list(config::kPstore);
  if (!names) return std::nullopt;
  for (const std::string& name : *names) {
    if (!name.starts_with("pmsg-")) continue;
    const std::string path = fmt::format("{}/{}", config::kPstore, name);
    const auto text = read_file(root.path(path), kLongestRecord);
    const std::size_t at = text ? text->rfind(config::kFailureHeading) : std::string::npos;
    if (at != std::string::npos) return Found{path, text->substr(at)};
  }
  return std::nullopt;
}

constexpr std::string_view kPrefix = "kdump-failure-";
constexpr std::string_view kRecordEnd = ".txt";
constexpr std::string_view kDmesgEnd = "-dmesg.txt";

/// "2026-11-03 04:05:06, capture kernel ..." -> "2026-11-03-04:05:06"; nothing but what a date has.
std::string date_of(std::string_view record) {
  const auto lines = split_lines(record);
  std::string date(lines.size() > 1 ? lines[1].substr(0, lines[1].find(',')) : "");
  std::replace(date.begin(), date.end(), ' ', '-');
  const bool plain = !date.empty() && date.size() <= 19 &&
                     date.find_first_not_of("0123456789-:") == std::string::npos;
  return plain ? date : "unknown";
}

Status remove_record(const SysRoot& root, const std::string& file) {
  const std::string path = root.path(file);
  // efivarfs keeps variables that it does not know from being removed by accident.
  if (const auto fd = Fd::open(path, O_RDONLY)) {
    int flags = 0;
    if (::ioctl(fd->raw(), FS_IOC_GETFLAGS, &flags) == 0) {
      flags &= ~FS_IMMUTABLE_FL;
      (void)::ioctl(fd->raw(), FS_IOC_SETFLAGS, &flags);  // unlink says what became of it
    }
  }
  if (::unlink(path.c_str()) == 0) return {};
  return system_error(errno, "cannot remove {}", file);
}

}  // namespace

std::string dmesg_beside(const std::string& record_file) {
  return record_file.substr(0, record_file.size() - kRecordEnd.size()) + std::string(kDmesgEnd);
}

Result<std::string> keep_failure_record(const SysRoot& root,
                                        const std::string& folder,
                                        std::string_view record) {
  const std::string file = fmt::format("{}/{}{}{}", folder, kPrefix, date_of(record), kRecordEnd);
  std::error_code error;
  std::filesystem::create_directories(root.path(folder), error);
  if (error) return system_error(error.value(), "cannot create {}", folder);
  TRY(write_file_atomically(root.path(file), 0600, record));
  return file;
}

std::optional<FailureRecord> newest_failure(const SysRoot& root, const std::string& folder) {
  const auto names = root.list(folder);
  std::optional<FailureRecord> newest;
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kRecordEnd) || name.ends_with(kDmesgEnd)) {
      continue;
    }
    std::string date = name.substr(kPrefix.size());
    date.resize(date.size() - kRecordEnd.size());
    // One whose date is damaged is older than any other.
    const bool is_dated = date.find_first_not_of("0123456789-:") == std::string::npos;
    if (!is_dated || (newest && date <= newest->date)) continue;
    newest = FailureRecord{date, folder + "/" + name, "", ""};
  }
  if (!newest) return newest;
  const auto text = read_file(root.path(newest->file), kLongestRecord);
  newest->reason = text ? reason_of(*text) : text.error().message;
  if (root.exists(dmesg_beside(newest->file))) newest->dmesg_file = dmesg_beside(newest->file);
  return newest;
}

std::string reason_of(std::string_view record) {
  constexpr std::string_view kError = "ERROR: ";
  std::vector<std::string> errors;
  for (const std::string_view line : split_lines(record)) {
    if (line.starts_with("--- crashed kernel ---")) break;
    const std::size_t at = line.find(kError);
    if (at == std::string_view::npos || errors.size() == kMostErrors) continue;
    errors.push_back(escape_control(line.substr(at + kError.size())));
  }
  return errors.empty() ? "no reason is recorded" : fmt::format("{}", fmt::join(errors, "; "));
}

Result<std::optional<std::string>> fetch_failure_record(const SysRoot& root,
                                                        const std::string& folder) {
  auto found = in_efi_variable(root);
  if (!found) found = in_pstore(root);
  if (!found) return std::optional<std::string>();
  // The spill area had more of the same.
  const auto known = newest_failure(root, folder);
  if (known && known->date == date_of(found->record)) {
    TRY(remove_record(root, found->file));
    return std::optional<std::string>();
  }
  const std::string file = TRY(keep_failure_record(root, folder, found->record));
  TRY(remove_record(root, found->file));
  return std::optional(fmt::format(
      "The last capture could save nothing: {} (see {})", reason_of(found->record), file));
}

}  // namespace kdump::ctl
