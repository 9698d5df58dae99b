// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/raw_import.h"

#include "base/atomic_file.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/text.h"
#include "config/device_node.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace kdump::ctl {
namespace {

/// struct makedumpfile_header of makedumpfile.h: it begins with this, in 16 bytes, and takes 4096.
constexpr std::string_view kSignature = "makedumpfile";
constexpr std::size_t kHeaderSize = 4096;

Result<bool> carries_dump(const std::string& node) {
  const Fd fd = TRY(Fd::open(node, O_RDONLY));
  std::array<std::byte, 16> head{};
  const std::size_t got = TRY(read_some(fd.raw(), head));
  std::string text;
  for (std::size_t i = 0; i < got; ++i) text += std::to_integer<char>(head[i]);
  return text == std::string(kSignature) + std::string(head.size() - kSignature.size(), '\0');
}

Result<std::string> make_folder(const Context& context, const std::string& path) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  const std::string folder = context.root.path(fmt::format("{}/{:04}-{:02}-{:02}-{:02}:{:02}",
                                                           path == "/" ? "" : path,
                                                           local.tm_year + 1900,
                                                           local.tm_mon + 1,
                                                           local.tm_mday,
                                                           local.tm_hour,
                                                           local.tm_min));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (error) return system_error(error.value(), "cannot create {}", folder);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(errno, "cannot create {}", folder);
  }
  return folder;
}

/// Only once its files are on the disk.
Status free_device(const std::string& node) {
  Fd fd = TRY(Fd::open(node, O_WRONLY));
  const std::vector<std::byte> zeros(kHeaderSize);
  TRY(write_all_at(fd.raw(), zeros, 0));
  if (::fsync(fd.raw()) != 0) return system_error(errno, "cannot sync {}", node);
  return fd.close();
}

Status publish(const std::string& incomplete, const std::string& name) {
  if (::chmod(incomplete.c_str(), 0600) != 0 || ::rename(incomplete.c_str(), name.c_str()) != 0) {
    return system_error(errno, "cannot rename {} to {}", incomplete, name);
  }
  return sync_folder_of(name);
}

bool disk_is_full(const std::string& folder) {
  constexpr std::uintmax_t kNearlyFull = std::uintmax_t{16} << 20U;
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return !error && space.available < kNearlyFull;
}

/// A stream that was cut short does not get better by lying there: what there is of it is kept as
/// vmcore-incomplete. When this host has no room for it, it stays on the device for the next try.
Status fetch(const Context& context, const std::string& node, const std::string& folder) {
  const std::string incomplete = folder + "/vmcore-incomplete";
  const auto status = context.actions.run_collector({"makedumpfile", "-R", "-f", incomplete}, node);
  if (!status && (disk_is_full(folder) || !std::filesystem::exists(incomplete))) {
    ::unlink(incomplete.c_str());
    ::rmdir(folder.c_str());
    return make_error(ErrorKind::kSystem,
                      "the dump stays on {}: {}. Make room in {} and run \"kdumpctl import\"",
                      node,
                      status.error().message,
                      folder);
  }
  if (!status) {
    context.log.warning("the dump on {} is not whole; what there is of it is {}: {}",
                        node,
                        incomplete,
                        status.error().message);
    return {};
  }
  const std::string vmcore = folder + "/vmcore";
  TRY(publish(incomplete, vmcore));
  const std::string dmesg = folder + "/vmcore-dmesg.txt";
  if (auto log = context.actions.run_collector({"--dump-dmesg", vmcore, dmesg}, ""); !log) {
    context.log.warning("cannot read the messages in {}: {}", vmcore, log.error().message);
  }
  return {};
}

Result<std::optional<std::string>> import_from(const Context& context,
                                               const config::RawTarget& raw,
                                               const std::string& path) {
  const std::string node = context.root.path(config::device_node(context.root, raw.device));
  if (!TRY(carries_dump(node))) return std::optional<std::string>();
  context.log.info("fetching the dump on {}", node);
  const std::string folder = TRY(make_folder(context, path));
  TRY(fetch(context, node, folder));
  TRY(free_device(node));
  return std::optional(folder);
}

}  // namespace

Result<std::optional<std::string>> import_raw_dump(const Context& context,
                                                   const config::KdumpConfig& config) {
  std::vector<config::DumpTarget> targets = {config.target};
  targets.insert(targets.end(), config.fallback_targets.begin(), config.fallback_targets.end());
  std::optional<Error> failure;  // the first; a dump may lie on another device
  for (const config::DumpTarget& target : targets) {
    const auto* raw = std::get_if<config::RawTarget>(&target);
    if (raw == nullptr) continue;
    auto folder = import_from(context, *raw, config.path);
    if (folder && *folder) return folder;
    if (!folder && !failure) failure = folder.error();
  }
  if (failure) return *std::move(failure);
  return std::optional<std::string>();
}

void fetch_raw_dump(const Context& context, const config::KdumpConfig& config) {
  const auto folder = import_raw_dump(context, config);
  if (!folder) {
    context.log.warning("{}", folder.error().message);
  } else if (*folder) {
    context.log.info("saved vmcore to {}", **folder);
  }
}

}  // namespace kdump::ctl
